"""What to call an object that has no part in a signature, in one or two words."""

from typing import Final

from pyhanko.pdf_utils import generic

from app.ades.pdf_objects import value

BY_TYPE: Final = {
    "/Action": "An action",
    "/Annot": "An annotation",
    "/Catalog": "A catalog",
    "/DSS": "Validation material",
    "/DocTimeStamp": "A document time stamp",
    "/EmbeddedFile": "An embedded file",
    "/Filespec": "An embedded file",
    "/Font": "A font",
    "/FontDescriptor": "A font",
    "/Metadata": "Metadata",
    "/OCG": "A layer",
    "/ObjStm": "An object stream",
    "/Page": "A page",
    "/Pages": "The page tree",
    "/Sig": "A signature",
    "/XRef": "A table of contents",
}
BY_SUBTYPE: Final = {
    "/Form": "A drawing",
    "/Image": "A picture",
    "/Widget": "A form field",
}


def kind_of(item: object) -> str:
    """With a capital letter: it begins the sentence."""
    if not isinstance(item, generic.DictionaryObject):
        return "A list" if isinstance(item, generic.ArrayObject) else "A value"
    subtype = BY_SUBTYPE.get(str(value(item, "/Subtype")))
    by_type = BY_TYPE.get(str(value(item, "/Type")))
    if value(item, "/S") in ("/JavaScript", "/Launch", "/URI", "/GoTo", "/SubmitForm"):
        return BY_TYPE["/Action"]
    if value(item, "/FT") is not None:
        return BY_SUBTYPE["/Widget"]
    stream = isinstance(item, generic.StreamObject)
    return subtype or by_type or ("Page content" if stream else "A dictionary")
