"""The console's page in a browser: every view, in both themes and at both widths, and everything it does."""

from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from allocation.domain.outcome import Allocated
from tests.end_to_end.browser import opened_browser
from tests.end_to_end.console_page import NARROW, WIDE, ConsolePage
from tests.support.console_server import KEY, SHOP, ConsoleServer, served_console

FAILED, TAKEN = (
    next(each for each in SHOP.samples if isinstance(each.outcome, Allocated) is is_taken) for is_taken in (False, True)
)
NOTHING = "\N{EN DASH}"
VIEWS = {
    "orders": "Orders",
    "orders?state=AllocationFailed": "Orders",
    f"consignments/{TAKEN.reference}": TAKEN.reference,
    f"consignments/{FAILED.reference}": FAILED.reference,
    "failures": "Failures",
    "carriers": "Carriers",
    "catalogue": "Catalogue",
    "catalogue/zones": "Catalogue",
    "catalogue/groups": "Catalogue",
    "catalogue/versions": "Catalogue",
    "try": "Try it",
    "replays": "Replay",
    "replays/2026-11-23": "What would change",
    "nowhere": "No such page",
}


@pytest.fixture(scope="module")
def server() -> Iterator[ConsoleServer]:
    with served_console() as served:
        yield served


@pytest.fixture(scope="module")
def signed_in(server: ConsoleServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsolePage]:
    with opened_browser(tmp_path_factory.mktemp("profile")) as browser:
        page = ConsolePage(browser, server.address)
        page.open()
        page.sign_in(KEY)
        page.found(".frame")
        yield page


@pytest.fixture
def page(server: ConsoleServer, signed_in: ConsolePage) -> Iterator[ConsolePage]:
    """The page of somebody who has signed in, at its start."""
    signed_in.look(WIDE, "light")
    yield signed_in
    server.key, server.is_empty = KEY, False
    for kept in (server.faults, server.states, server.hidden):
        kept.clear()


@pytest.mark.parametrize("place", VIEWS)
def test_every_view_can_be_read_by_everybody(page: ConsolePage, place: str) -> None:
    for width, theme in ((WIDE, "light"), (NARROW, "dark")):
        page.look(width, theme)
        page.go(place)
        assert page.texts("main h1") == [VIEWS[place]]
        assert page.overflow() == 0
        assert page.violations() == []
    assert page.complaints() == []


def test_a_key_lives_in_the_page_s_memory_only(server: ConsoleServer, page: ConsolePage) -> None:
    page.open()
    assert page.violations() == []
    page.sign_in("another-key")
    assert page.shows("The API does not know this key")
    page.sign_in(KEY)
    page.found(".frame")
    page.go("carriers")
    assert page.kept() == [{}, {}, "", f"{server.address}/index.html#/carriers"]
    assert not any(KEY in call for call in server.calls)
    page.browser.refresh()
    page.found("input[name=key]")
    page.sign_in(KEY)
    assert page.shows("Volume")
    page.complaints()  # the refused key


def test_an_organisation_s_account_signs_in_without_a_key(page: ConsolePage) -> None:
    page.open()
    page.click("Sign in with your organisation")
    page.found(".frame")
    page.go("orders")
    page.until(lambda: len(page.browser.window_handles) == 1)
    assert page.kept()[:3] == [{}, {}, ""]


def test_an_order_is_found_by_its_reference_and_by_its_consignment_s(page: ConsolePage) -> None:
    page.go("orders")
    page.field("Find").send_keys(TAKEN.order, Keys.ENTER)
    page.until(lambda: page.texts("tbody th a") == [TAKEN.reference])
    page.go("orders")
    page.field("Find").send_keys(FAILED.reference, Keys.ENTER)
    page.until(lambda: page.texts("tbody th a") == [FAILED.reference])
    page.click(FAILED.reference, "tbody")
    page.until(lambda: page.texts("main h1") == [FAILED.reference])


def test_orders_are_filtered_and_come_in_pages(page: ConsolePage) -> None:
    page.go("orders?state=Allocated")
    assert len(page.all("tbody tr")) == 50
    page.click("Show 50 more")
    page.until(lambda: len(page.all("tbody tr")) == 100)
    assert set(page.texts("tbody .mark")) == {"Allocated"}
    page.go("orders?order=NO-SUCH")
    assert page.shows("No consignment fits")


def test_a_new_order_appears_by_itself_at_the_top_and_waits_for_who_reads_below(
    server: ConsoleServer, page: ConsolePage
) -> None:
    newest, second = SHOP.samples[0].reference, SHOP.samples[1].reference
    server.hidden.update({newest, second})
    page.go("orders")
    assert newest not in page.texts("tbody th a")
    server.hidden.remove(second)
    page.until(lambda: page.texts("tbody th a")[0] == second)
    page.browser.execute_script("scrollTo(0, 1500)")
    server.hidden.clear()
    assert page.shows("1 newer: show")
    assert newest not in page.texts("tbody th a")
    page.click("1 newer: show")
    page.until(lambda: page.texts("tbody th a")[0] == newest)
    server.states[second] = "Cancelled"
    page.until(lambda: page.texts("tbody .mark")[1] == "Cancelled")


def test_a_consignment_says_why_it_went_there_before_anything_else(page: ConsolePage) -> None:
    assert isinstance(TAKEN.outcome, Allocated)
    page.go(f"consignments/{TAKEN.reference}")
    assert page.texts(".why") == [TAKEN.outcome.why]
    happened = ["Received", "Allocated", "Published"]
    page.until(lambda: page.texts(".line-title") == [*happened, "Decided", "Cut-off", "Collection", "Delivery"])
    assert "UTC" in str(page.found(".line time").get_attribute("title"))
    assert len(page.all(".offer")) == 6
    page.click("Show all")
    assert len(page.all(".offer")) > 6
    page.click("services", ".reason")
    assert page.texts(".reason[open] tbody tr")


def test_a_service_is_read_as_a_rate_card(page: ConsolePage) -> None:
    page.go("catalogue")
    page.field("Find a service").send_keys("CX_ECO")
    page.until(lambda: [each.is_displayed() for each in page.all(".service")].count(True) == 1)
    page.click("CX_ECO", ".cards")
    assert page.shows("0 to 2 Kg", ".service[open] tbody")
    assert page.violations() == []


def test_a_label_is_shown_without_its_key_in_an_address(page: ConsolePage) -> None:
    page.go(f"consignments/{TAKEN.reference}")
    page.click("Show label")
    image = page.found("dialog .label-image")
    page.until(lambda: image.get_property("naturalWidth") == 400)
    assert page.violations() == []
    page.browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: not page.all("dialog"))
    assert page.browser.switch_to.active_element.text == "Show label"


def test_a_consignment_is_cancelled_only_after_it_is_confirmed(server: ConsoleServer, page: ConsolePage) -> None:
    page.go(f"consignments/{TAKEN.reference}")
    page.click("Cancel consignment", ".actions")
    assert page.shows(f"Cancel {TAKEN.reference}?", "dialog")
    assert page.violations() == []
    page.click("Keep as it is", "dialog")
    assert server.states == {}
    page.click("Cancel consignment", ".actions")
    page.click("Cancel consignment", "dialog")
    assert page.shows(f"{TAKEN.reference} is cancelled.", ".told")
    page.until(lambda: page.texts(".conclusion .mark") == ["Cancelled"])
    assert server.states == {TAKEN.reference: "Cancelled"}
    assert page.texts(".actions button") == []
    assert page.shows(f"Not in the publisher's log: {TAKEN.reference}#2.")


def test_all_failures_of_a_cause_are_tried_again(server: ConsoleServer, page: ConsolePage) -> None:
    page.go("failures")
    largest = page.texts(".cause-count")[0].split()[0]
    page.click(f"Try all {largest} again", ".cause")
    page.click("Try again", "dialog")
    assert page.shows(f"of {largest} consignments allocated.", ".notice-title")
    assert len(page.all(".told tbody tr")) == int(largest)
    tried = len(server.states)
    assert 0 < tried < int(largest)
    assert page.shows(f"{tried} of {largest}")
    assert page.violations() == []
    page.click("See as a list", ".cause")
    page.until(lambda: page.texts("main h1") == ["Orders"] and len(page.all("tbody tr")) == int(largest) - tried)


def test_only_selected_failures_are_tried_again(page: ConsolePage) -> None:
    page.go("failures")
    page.click("Consignments", ".cause .reason")
    box = page.found(".cause input[type=checkbox]")
    box.click()
    page.click("Try selected again")
    page.click("Try again", "dialog")
    page.until(lambda: page.texts(".told tbody th") == [box.get_attribute("value")])


def test_a_parcel_is_tried_with_every_service(page: ConsolePage) -> None:
    page.go("try")
    page.click("Ask every service")
    assert page.shows("that can take it.", ".why")
    assert page.all(".offer")
    page.click("Add a package")
    weight = page.field("Weight, kg", ".package:last-child")
    weight.send_keys("1200")
    for side in ("Length, cm", "Width, cm", "Height, cm"):
        page.field(side, ".package:last-child").send_keys("90")
    page.click("Ask every service")
    assert page.shows("Would fail", ".conclusion")
    assert page.violations() == []


def test_trouble_is_told_and_tried_again(server: ConsoleServer, page: ConsolePage) -> None:
    server.faults["days"] = 503
    page.go("carriers")
    assert page.shows("The service can't answer at the moment.", ".notice")
    assert page.violations() == []
    server.faults.clear()
    page.click("Try again")
    assert page.shows("Volume")
    page.complaints()  # the 503


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("orders", "No consignment yet"),
        ("failures", "No failure in these days"),
        ("carriers", "Nothing was allocated in these days"),
        ("replays", "No replay yet"),
    ],
)
def test_a_new_stack_says_what_will_be_here(server: ConsoleServer, page: ConsolePage, place: str, text: str) -> None:
    server.is_empty = True
    page.go(place)
    assert page.texts(".empty-title") == [text]
    assert page.violations() == []


def test_an_expired_key_is_asked_for_and_nothing_on_the_page_is_lost(server: ConsoleServer, page: ConsolePage) -> None:
    page.open()
    page.sign_in(KEY)
    page.found(".frame")
    page.go("try")
    page.field("Town").send_keys(" North")
    server.key = "the-next-key"
    page.click("Ask every service")
    assert page.shows("no longer accepted", "dialog")
    assert page.violations() == []
    page.found("dialog input[name=key]").send_keys("the-next-key", Keys.ENTER)
    assert page.shows("that can take it.", ".why")
    assert page.field("Town").get_attribute("value") == "Manchester North"
    server.key = KEY
    page.open()
    page.sign_in(KEY)
    page.found(".frame")
    page.complaints()  # the 401s


def test_the_theme_is_the_reader_s_until_it_is_switched(page: ConsolePage) -> None:
    ground = "return getComputedStyle(document.body).backgroundColor"
    page.go("orders")
    light = page.browser.execute_script(ground)
    page.look(WIDE, "dark")
    dark = page.browser.execute_script(ground)
    assert light != dark
    page.click("Dark", ".side-foot")
    assert page.browser.execute_script(ground) == light
    page.click("Dark", ".side-foot")
    assert page.browser.execute_script(ground) == dark
    assert page.kept()[:3] == [{}, {}, ""]


def test_a_plot_has_a_table_with_the_same_numbers(page: ConsolePage) -> None:
    page.go("carriers")
    page.until(lambda: len(page.all(".plot canvas")) == len(page.all(".plot table")) >= 3)
    counts = [sum(service["count"] for service in day["services"]) for day in reversed(SHOP.days[-14:])]
    rows = page.texts(".plot:first-of-type tbody td:last-child")
    assert [int(row.replace(",", "").replace(NOTHING, "0")) for row in rows] == counts
