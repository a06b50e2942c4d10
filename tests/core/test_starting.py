import gc

from neumo.core.starting import without_garbage_collection


def test_nothing_is_searched_for_garbage_meanwhile_and_what_is_left_never() -> None:
    try:
        with without_garbage_collection():
            assert not gc.isenabled()
            kept = [["is there to stay"]]
        assert gc.isenabled()
        made = [kept]
        searched = {id(each) for each in gc.get_objects()}
        assert id(made) in searched
        assert id(kept) not in searched
    finally:
        gc.unfreeze()


def test_it_stays_off_where_it_was_off() -> None:
    gc.disable()
    try:
        with without_garbage_collection():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
