"""What `make bench` runs is set up as the template says."""

from cli.paths import BUILD
from tests.benchmarks.functions import RESOURCES, Setting, layers_of, megabytes_of, product, template, whole_number


def test_a_function_has_the_memory_of_the_template_or_of_its_parameter() -> None:
    assert {name for name in RESOURCES if megabytes_of(name) >= 256} == set(RESOURCES)
    parameters = {name: each for name, each in template()["Parameters"].items() if each["Type"] == "Number"}
    name, parameter = next(iter(parameters.items()))
    assert whole_number(name) == parameter["Default"]
    assert whole_number(7) == 7


def test_only_the_api_has_the_layer_of_documents() -> None:
    with_documents = [name for name in RESOURCES if BUILD / "DocumentsLayer" in layers_of(name)]
    assert with_documents == ["api"]


def test_sorted_pro_is_set_up_where_it_allocates_and_only_there() -> None:
    engine = product("orders", Setting(1)).environment
    pro = product("orders", Setting(1, pro_mode="service_group")).environment
    assert "ALLOCATOR" not in engine
    assert (pro["ALLOCATOR"], pro["ALLOCATION_MODE"], pro["PRO_BASE_URL"]) == (
        "pro",
        "service_group",
        "http://127.0.0.1:1/pro",
    )
