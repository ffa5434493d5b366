"""The table of the counts of limits, by the conditions that `DynamoDBLimitUsage` writes upon."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

Item = Mapping[str, Any]


class SimulatedLimits:
    """Counters and their parts by key."""

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}

    def holds(self, ConditionExpression: str | None = None, **update: Any) -> bool:
        """Whether the condition of an update holds."""
        if ConditionExpression is None:  # some are given back
            return True
        item = self.items.get(update["Key"]["serviceDay"]["S"], {})
        used, places = _number(item, "used"), _number(item, "places")
        numbers = update["ExpressionAttributeValues"].items()
        values = {name: int(value["N"]) for name, value in numbers if "N" in value}
        match ConditionExpression:
            case "used <= :room":
                return used is not None and used <= values[":room"]
            case "attribute_not_exists(used) OR used <= :room":
                return used is None or used <= values[":room"]
            case "places >= :wanted":
                return places is not None and places >= values[":wanted"]
            case _:
                raise AssertionError(f"unknown condition {ConditionExpression}")

    def change(self, Key: Item, UpdateExpression: str, ExpressionAttributeValues: Item, **_: Any) -> None:
        """Carries out `SET expiresAt = :expires ADD used :used, parts :part`."""
        # A new item, as nobody changes what was read.
        item = self.items.get(Key["serviceDay"]["S"], dict(Key)).copy()
        for name, value in (each.split(" ") for each in UpdateExpression.split(" ADD ")[1].split(", ")):
            added = ExpressionAttributeValues[value]
            if "SS" in added:
                item[name] = {"SS": sorted({*item.get(name, {"SS": []})["SS"], *added["SS"]})}
            else:
                item[name] = {"N": str((_number(item, name) or 0) + int(added["N"]))}
        self.items[Key["serviceDay"]["S"]] = item

    def allocated(self) -> Counter[str]:
        """The allocations by service and day: what is counted, without what the parts have left."""
        counts: Counter[str] = Counter()
        for key, item in self.items.items():
            # A part's key is its counter's, the limit and a number.
            counts["#".join(key.split("#")[:2])] += (_number(item, "used") or 0) - (_number(item, "places") or 0)
        return +counts

    def taken(self) -> dict[str, int]:
        """What each counter says is used, the places of its parts included."""
        return {key: used for key, item in self.items.items() if (used := _number(item, "used")) is not None}

    def wrong(self) -> list[str]:
        """Counters and parts below zero."""
        return [
            key for key, item in self.items.items() if min(_number(item, "used") or 0, _number(item, "places") or 0) < 0
        ]


def _number(item: Item, name: str) -> int | None:
    return int(item[name]["N"]) if name in item else None
