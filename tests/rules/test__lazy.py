from mygrad.rules._lazy import Lazy


def test_only_what_is_asked_for_is_computed():
    asked = []

    def compute(position):
        asked.append(position)
        return 10 * position

    gradients = Lazy(compute)
    assert gradients[2] == 20
    assert asked == [2]
