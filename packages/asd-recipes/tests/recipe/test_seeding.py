"""Both kinds of random numbers keep their bits: published tables and synthetic data were made with them."""

from asd_recipes.recipe.seeding import derive_seed, keyed_generator


def test_the_seeds_of_runs_stay_what_they_were() -> None:
    assert derive_seed(0, "split", "fan", "source") == 557595124283648983
    assert derive_seed(7, "oe epoch", "valve", 3) == 2299645405115075404


def test_the_stream_of_the_synthetic_data_stays_what_it_was() -> None:
    raw = keyed_generator(0, "fan", "train").bit_generator.random_raw(3)
    assert raw.tolist() == [10406704360355257618, 11741852444645596203, 11305075053156676845]
