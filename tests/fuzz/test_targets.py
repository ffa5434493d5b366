"""The fuzzing targets hold for what they begin with, for some mutations of it, and for what fuzzing has found."""

import json
from random import Random

import pytest

from tests.fuzz.mutation import mutate
from tests.fuzz.targets import CONSIGNMENT, SUMMARY, TARGETS, replies
from tests.support.size import sized

MUTATIONS = sized(1500, 50_000)
DEEP = b"[" * 40 + b"]" * 40
FOUND = {
    "a number in the place of bytes": ("stream_record", json.dumps({"state": {"M": {"a": {"B": 10**13}}}}).encode()),
    "an image of untyped values": ("stream_record", b'{"state": {"M": {"a": "no typed value"}}}'),
    "a summary with a nameless field": ("pro_items", replies([{**SUMMARY, "": 1}])[0]),
    "a summary deeper than an item": (
        "pro_items",
        replies([SUMMARY])[0].replace(b"[{", b'[{"Deep": ' + DEEP + b",", 1),
    ),
    "names that no event can hold": (
        "pro_consignment",
        replies({**CONSIGNMENT, "ConsignmentLegs": [{"Leg": 1, "CarrierName": "\U0001f600" * 20_000}]})[0],
    ),
}


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_holds_for_its_seeds_and_their_mutations(name: str) -> None:
    target, random = TARGETS[name], Random(1)
    for seed in target.seeds:
        target.run(seed)
    for _ in range(MUTATIONS):
        target.run(mutate(random.choice(target.seeds), random, target.most_bytes))


@pytest.mark.parametrize("what", FOUND)
def test_a_target_holds_for_what_fuzzing_has_found(what: str) -> None:
    name, data = FOUND[what]
    TARGETS[name].run(data)
