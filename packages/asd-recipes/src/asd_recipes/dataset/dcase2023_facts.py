"""What DCASE 2023 Task 2 recorded: machines, attribute values, clip counts and clip lengths.

They tell whether a folder is complete, and give the synthetic data set its names and proportions. Counts come from the
`attributes_00.csv` files of the development set and of the additional training set. A value without training clips in
both domains occurs only in test clips.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLE_RATE_HZ = 16_000
SECTION = "00"
DEV_MACHINES: tuple[str, ...] = ("bearing", "fan", "gearbox", "slider", "ToyCar", "ToyTrain", "valve")
EVAL_MACHINES: tuple[str, ...] = ("bandsaw", "grinder", "shaker", "ToyDrone", "ToyNscale", "ToyTank", "Vacuum")


@dataclass(frozen=True)
class AttributeValue:
    """One value of an attribute item, with its normal training clips per domain (section 00)."""

    value: str
    source_train: int
    target_train: int


@dataclass(frozen=True)
class AttributeItem:
    """One attribute item, such as `vel`, and the values that it takes."""

    item: str
    values: tuple[AttributeValue, ...]


@dataclass(frozen=True)
class TestCounts:
    """Test clips per domain and label."""

    __test__ = False  # keeps pytest from collecting it as a test class

    source_normal: int = 50
    source_anomaly: int = 50
    target_normal: int = 50
    target_anomaly: int = 50

    @property
    def total(self) -> int:
        return self.source_normal + self.source_anomaly + self.target_normal + self.target_anomaly


@dataclass(frozen=True)
class MachineFacts:
    """One machine type. `clip_s` is None if the recordings' length is not stated (additional set, up to 18 s)."""

    machine: str
    clip_s: float | None
    items: tuple[AttributeItem, ...]
    test: TestCounts = TestCounts()

    def item(self, name: str) -> AttributeItem:
        """The attribute item with this name; KeyError lists the existing items."""
        for candidate in self.items:
            if candidate.item == name:
                return candidate
        raise KeyError(f"{self.machine} has no attribute item {name!r}; it has {[i.item for i in self.items]}")


def _item(item: str, counts: str) -> AttributeItem:
    """Read `A1[0/3], A2[0/2]` (value[source/target], as the published tables are usually printed)."""
    values = []
    for entry in counts.split(", "):
        value, _, pair = entry.partition("[")
        source, target = pair.rstrip("]").split("/")
        values.append(AttributeValue(value, int(source), int(target)))
    return AttributeItem(item, tuple(values))


_MIC = _item("mic", "1[990/0], 2[0/10]")

MACHINES: dict[str, MachineFacts] = {
    facts.machine: facts
    for facts in (
        MachineFacts(
            "bearing",
            10.0,
            (
                _item(
                    "vel",
                    "1[0/0], 11[0/1], 13[99/0], 15[0/1], 16[252/4], 17[99/0], 19[0/2], 21[99/0], 23[0/0], 25[0/0], "
                    "3[0/0], 5[99/0], 7[0/1], 8[243/1], 9[99/0]",
                ),
                _item("loc", "A[619/5], B[124/0], C[124/0], D[123/0], E[0/1], F[0/1], G[0/1], H[0/2]"),
            ),
        ),
        MachineFacts("fan", 10.0, (_item("m-n", "W[514/0], X[476/0], Y[0/5], Z[0/5]"),)),
        MachineFacts(
            "gearbox",
            10.0,
            (
                _item(
                    "volt",
                    "0.6[0/0], 0.8[0/0], 1.0[99/0], 1.3[0/1], 1.5[594/6], 1.8[0/1], 2.0[99/0], 2.3[0/1], 2.5[99/0], "
                    "2.8[0/1], 3.0[99/0], 3.3[0/0], 3.5[0/0]",
                ),
                _item(
                    "wt",
                    "0[594/4], 100[99/0], 130[0/1], 150[99/0], 180[0/1], 200[99/0], 230[0/1], 250[0/1], 30[0/1], "
                    "50[99/0], 80[0/1]",
                ),
            ),
        ),
        MachineFacts(
            "slider",
            10.0,
            (
                _item(
                    "vel",
                    "100[0/0], 1000[0/2], 1100[99/0], 1200[0/0], 1300[0/0], 200[0/0], 220[0/0], 300[99/0], 310[0/0], "
                    "380[99/0], 400[0/1], 440[0/1], 490[99/0], 500[99/0], 540[0/1], 580[99/0], 600[0/1], 620[0/1], "
                    "660[99/0], 700[99/2], 730[99/0], 760[0/0], 800[0/1], 820[0/0], 900[99/0]",
                ),
                _item(
                    "ac",
                    "0.01[0/0], 0.02[0/0], 0.03[99/0], 0.04[0/1], 0.05[99/0], 0.06[0/1], 0.07[99/0], 0.08[0/1], "
                    "0.09[99/0], 0.10[0/2], 0.11[99/0], 0.12[0/0], 0.14[0/0], 0.30[495/5]",
                ),
            ),
        ),
        MachineFacts(
            "ToyCar",
            12.0,
            (
                _item(
                    "car",
                    "A1[0/3], A2[0/2], B1[166/0], B2[164/0], C1[215/0], C2[115/0], D1[214/0], D2[116/0], E1[0/2], "
                    "E2[0/3]",
                ),
                _item("spd", "28V[0/5], 31V[350/0], 34V[290/0], 37V[0/5], 40V[350/0]"),
                _MIC,
            ),
        ),
        MachineFacts(
            "ToyTrain",
            12.0,
            (
                _item(
                    "car",
                    "A1[0/3], A2[0/2], B1[167/0], B2[163/0], C1[170/0], C2[160/0], D1[171/0], D2[159/0], E1[0/2], "
                    "E2[0/3]",
                ),
                _item("spd", "10[350/0], 6[0/5], 7[350/0], 8[290/0], 9[0/5]"),
                _MIC,
            ),
        ),
        MachineFacts("valve", 10.0, (_item("pat", "00[495/0], 01[495/0], 02[0/5], 03[0/5]"),)),
        MachineFacts(
            "bandsaw",
            None,
            (_item("vel", "12[0/5], 13[495/0], 14[0/5], 15[495/0]"),),
            TestCounts(source_normal=67, source_anomaly=40, target_normal=60, target_anomaly=33),
        ),
        MachineFacts(
            "grinder",
            None,
            (
                _item("grindstone", "1[330/0], 2[330/0], 3[330/0], 4[0/10]"),
                _item("plate", "1[330/3], 2[330/3], 3[330/4]"),
            ),
            TestCounts(source_normal=107, source_anomaly=27, target_normal=36, target_anomaly=30),
        ),
        MachineFacts(
            "shaker",
            None,
            (_item("speed", "1000[495/0], 1200[0/10], 1500[495/0]"),),
            TestCounts(source_normal=49, source_anomaly=53, target_normal=52, target_anomaly=46),
        ),
        MachineFacts(
            "ToyDrone",
            None,
            (
                _item("car", "A1[244/0], A2[254/0], B1[252/0], B2[240/0], C1[0/5], C2[0/5]"),
                _item("spd", "1[0/10], 2[492/0], 3[498/0]"),
                _MIC,
            ),
        ),
        MachineFacts(
            "ToyNscale",
            None,
            (
                _item("car", "A1[240/0], A2[240/0], B1[255/0], B2[255/0], C1[0/8], C2[0/2]"),
                _item("spd", "1[0/9], 2[485/0], 3[505/0], 5[0/1]"),
                _MIC,
            ),
        ),
        MachineFacts(
            "ToyTank",
            None,
            (
                _item("car", "A1[235/0], A2[255/0], B1[260/0], B2[240/0], C1[0/5], C2[0/5]"),
                _item("spd", "1[0/6], 3[495/0], 4[495/0], 5[0/4]"),
                _item("mic", "1[990/10]"),
            ),
        ),
        MachineFacts(
            "Vacuum",
            None,
            (
                _item("car", "A1[243/0], A2[249/0], B1[260/0], B2[238/0], C1[0/5], C2[0/5]"),
                _item("spd", "H[249/5], Lb[260/0], M[243/0], Mb[238/5]"),
                _MIC,
            ),
        ),
    )
}
