"""What of a reply in XML PRO's .NET clients do not read: XmlSerializer ignores what is not where its class declares it.

An element is in the namespace of the class that declares it, which PRO's examples in XML show to be that of the SDK's
namespace of the class. A list's elements are named by their class, and are in the namespace of the list.
"""

import re
from collections.abc import Collection, Iterator
from typing import Any, Final
from xml.etree import ElementTree

from allocation.api.xml_writing import write_xml
from tests.support.pro_types import FLAGS, OURS, READERS, declared, full_name, types

_SCHEMAS: Final = "http://electioapp.com/schemas/v1.1/MPD.Electio.SDK.DataTypes."
# Where the examples show another namespace than the class is in, and another name than the class has.
_ROOMS: Final = {"Labels": "LabelGeneration"}
_WITH_MESSAGE: Final = "DataTypes.Common.WithMessage"
# Of lists of strings, those whose elements the examples name.
_STRINGS_NAMED: Final = {"CarrierServiceTypes": "CarrierServiceType", "Tags": "Tag"}
_PLAIN: Final = {"DateTime": "dateTime", "bool": "boolean", "byte[]": "base64Binary"}
# A class that declares a member again inherits its namespace.
_REDECLARED: Final = {("DataTypes.DeliveryOptions.PotentialConsignment", "Reference")}
# What the facts have by the name of another type: a client of 2016 reads them.
_ELSEWHERE: Final = {"List<TaxRate>"}


def unread(told: str, data: Any, own: Collection[str] = ()) -> list[str]:
    """What of a reply's data, written as XML, a client does not read. `own` are names that senders gave to fields."""
    listed = _item_of(told)
    name = _name_of(listed or told)
    return unread_xml(told, write_xml(data, name), own)


def unread_xml(told: str, text: str | bytes, own: Collection[str] = ()) -> list[str]:
    """What of a reply in XML a client that expects a type does not read."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    if told in _ELSEWHERE:
        return []
    name, space = _name_of(told), "" if _is_nameless(told) else _namespace(full_name(told, ""))
    if (root.tag.rpartition("}")[2], _space_of(root)) != (name, space):
        return [f"the root is {_short(root)}, not {name}@{space}"]
    return sorted(set(_content(told, root, "", own, name)))


def _content(told: str, element: ElementTree.Element, home: str, own: Collection[str], name: str) -> Iterator[str]:
    told = told.removesuffix("?")
    if listed := _item_of(told):
        item = _STRINGS_NAMED.get(name, _name_of(listed, home)) if listed == "string" else _name_of(listed, home)
        for child in element:
            if child.tag.rpartition("}")[2] != item or _space_of(child) != _space_of_list(element, name):
                yield f"{name}: {_short(child)} is no {item}"
            else:
                yield from _content(listed, child, home, own, item)
    elif told in READERS or "<" in told:
        return
    elif types()[full := full_name(told, home)]["kind"] == "Enum":
        values = (element.text or "").split(" ") if told in FLAGS else [element.text]
        if not set(values) <= set(types()[full]["members"]) and told != "ConsignmentState":
            yield f"{name}: {element.text!r} is no {told}"
    else:
        yield from _members(full, element, own, name)


def _members(full: str, element: ElementTree.Element, own: Collection[str], name: str) -> Iterator[str]:
    known = declared(full)
    for child in element:
        member = child.tag.rpartition("}")[2]
        if member not in known:
            if member not in OURS.get(full, own):
                yield f"{name}: {member} is no member of {full}"
            continue
        space = _namespace(_declaring(full, member))
        if _space_of(child) != space:
            yield f"{name}: {_short(child)} is declared in {space}"
        else:
            yield from _content(known[member], child, full, own, member)


def _declaring(full: str, member: str) -> str:
    """The class that declares a member: the class itself, or one that it inherits from."""
    kind = types()[full]
    if member in kind["members"] and (full, member) not in _REDECLARED:
        return full
    return next(_declaring(parent, member) for parent in kind["inherits"] if member in declared(parent))


def _namespace(full: str) -> str:
    room = "Consignments" if full == _WITH_MESSAGE else full.split(".")[1]
    return _ROOMS.get(room, room)


def _item_of(told: str) -> str | None:
    found = re.fullmatch(r"(?:List|HashSet|IList)<(.+)>", told)
    return found[1] if found else None


def _name_of(told: str, home: str = "") -> str:
    """The name of the element of a type."""
    if listed := _item_of(told):
        name = _name_of(listed, home)
        return f"ArrayOf{name[:1].upper()}{name[1:]}"
    if pair := re.fullmatch(r"KeyValuePair<(\w+), (.+)>", told):
        # .NET has no name of its own for an array of bytes in a pair: it is written as the text that it is.
        named = {"int": "Int32", "byte[]": "String"}
        return "KeyValuePairOf" + "".join(named.get(part, part[:1].upper() + part[1:]) for part in pair.groups())
    if told in READERS:
        return _PLAIN.get(told, told)
    name = full_name(told, home).rpartition(".")[2]
    return "WithMessageOfString" if name == "WithMessage" else name


def _is_nameless(told: str) -> bool:
    return _item_of(told) is not None or told in READERS


def _space_of(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[0].removeprefix("{").removeprefix(_SCHEMAS)


def _space_of_list(element: ElementTree.Element, name: str) -> str:
    return "" if name.startswith("ArrayOf") else _space_of(element)


def _short(element: ElementTree.Element) -> str:
    return f"{element.tag.rpartition('}')[2]}@{_space_of(element)}"
