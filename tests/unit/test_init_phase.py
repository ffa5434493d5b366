"""What a function's init leaves: garbage is collected again, without what init made."""

import gc

from allocation import init_phase


def test_garbage_is_collected_from_the_end_of_init_on() -> None:
    frozen = gc.get_freeze_count()
    gc.disable()
    try:
        init_phase.end()
        assert gc.isenabled()
        assert gc.get_freeze_count() > frozen
    finally:
        gc.enable()
        gc.unfreeze()
