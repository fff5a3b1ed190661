"""Structured records, which tensors cannot hold. Imported when NumPy's module is first used."""

from numpy.lib import recfunctions

from mygrad.engine.registry import refuse

refuse(
    recfunctions.append_fields,
    recfunctions.apply_along_fields,
    recfunctions.assign_fields_by_name,
    recfunctions.drop_fields,
    recfunctions.find_duplicates,
    recfunctions.join_by,
    recfunctions.merge_arrays,
    recfunctions.rec_append_fields,
    recfunctions.rec_drop_fields,
    recfunctions.rec_join,
    recfunctions.recursive_fill_fields,
    recfunctions.rename_fields,
    recfunctions.repack_fields,
    recfunctions.require_fields,
    recfunctions.stack_arrays,
    recfunctions.structured_to_unstructured,
    recfunctions.unstructured_to_structured,
    reason="it works on structured records, and tensors hold numbers",
)
