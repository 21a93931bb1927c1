"""The numbers in Tables 2, 3 and 4 of the paper, in percent (Fujimura 2023)."""

import csv
from functools import cache
from importlib import resources

MACHINES = ("bearing", "fan", "gearbox", "slider", "valve", "ToyCar", "ToyTrain")
"""The development machines in the order of the paper's columns."""
LAST_COLUMN = {2: "hmean", 3: "hmean", 4: "official"}
TITLES = {
    2: "Table 2: AUC of the source domain [%]",
    3: "Table 3: AUC of the target domain [%]",
    4: "Table 4: harmonic mean of both AUCs and pAUC [%]",
}


@cache
def paper_values() -> dict[tuple[int, str, str], float]:
    """Values by (table, system, machine or last column)."""
    text = (resources.files("asd_recipes.reproduction") / "paper_tables.csv").read_text(encoding="utf-8")
    return {
        (int(row["table"]), row["system"], row["machine"]): float(row["value"])
        for row in csv.DictReader(text.splitlines())
    }
