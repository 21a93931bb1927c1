"""Laws of the check of a network's file: ours passes, and whatever else a file holds is one plain error."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from small_network import rounded_network, small_network

from asd_runtime.model.onnx_check import NetworkFileError, check_network
from asd_runtime.model.protobuf import MessageKind, WireError, WireReader

BANDS, FRAMES = 32, 33
_CONTENT = small_network(bands=BANDS, frames=FRAMES).SerializeToString()


def check(content: bytes, *, flow: bool = True) -> None:
    check_network(content, bands=BANDS, frames=FRAMES, flow=flow)


@pytest.mark.parametrize("flow", [True, False])
def test_a_network_of_a_model_passes(flow: bool) -> None:
    check(small_network(bands=BANDS, frames=FRAMES, flow=flow).SerializeToString(), flow=flow)


@pytest.mark.parametrize(("bands", "frames", "flow"), [(31, 33, True), (32, 34, True), (32, 33, False)])
def test_a_network_of_another_size_than_the_manifest_says_is_refused(bands: int, frames: int, flow: bool) -> None:
    content = small_network().SerializeToString()
    with pytest.raises(NetworkFileError, match="must be"):
        check_network(content, bands=bands, frames=frames, flow=flow)


def _constant(model: Any, name: str) -> Any:
    return next(constant for constant in model.graph.initializer if constant.name == name)


def _replace(model: Any, name: str, values: Any) -> None:
    _constant(model, name).CopyFrom(numpy_helper.from_array(values, name))


def _external(model: Any) -> None:
    onnx.external_data_helper.set_external_data(_constant(model, "weight"), "../../etc/passwd")


def _external_fields_alone(model: Any) -> None:
    _constant(model, "weight").external_data.add(key="location", value="/etc/passwd")


def _location_alone(model: Any) -> None:
    _constant(model, "weight").data_location = TensorProto.EXTERNAL


def _subgraph(model: Any) -> None:
    graph = helper.make_graph([], "inner", [], [])
    model.graph.node.append(helper.make_node("If", ["half"], ["chosen"], then_branch=graph, else_branch=graph))


def _function(model: Any) -> None:
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "Mine", ["a"], ["b"], [], opsets))


def _sparse(model: Any) -> None:
    values = helper.make_tensor("sparse", TensorProto.FLOAT, [1], [1.0])
    places = helper.make_tensor("places", TensorProto.INT64, [1], [0])
    model.graph.sparse_initializer.append(helper.make_sparse_tensor(values, places, [1 << 40]))


def _add(model: Any, operator: str, inputs: list[str], output: str, **attributes: Any) -> None:
    model.graph.node.append(helper.make_node(operator, inputs, [output], **attributes))


def _set_attribute(model: Any, output: str, **attributes: Any) -> None:
    node = next(node for node in model.graph.node if node.output[0] == output)
    kept = [attribute for attribute in node.attribute if attribute.name not in attributes]
    del node.attribute[:]
    node.attribute.extend([*kept, *(helper.make_attribute(name, value) for name, value in attributes.items())])


def _chain_of_doubles(model: Any) -> None:
    name = "map"
    for number in range(30):
        _add(model, "Concat", [name, name], f"twice{number}", axis=1)
        name = f"twice{number}"


def _work(model: Any) -> None:
    _replace(model, "weight", np.zeros((512, 1, 3, 3), np.float32))
    _set_attribute(model, "map", kernel_shape=[3, 3], strides=[1, 1], pads=[1, 1, 1, 1])
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((512, 512, 3, 3), np.float32), "large"))
    name = "map"
    for number in range(8):
        window = {"kernel_shape": [3, 3], "strides": [1, 1], "pads": [1] * 4}
        _add(model, "Conv", [name, "large"], f"more{number}", **window)
        name = f"more{number}"


def _twice(model: Any) -> None:
    model.graph.initializer.append(_constant(model, "weight"))


def _numbers_apart(model: Any) -> None:
    _constant(model, "half").ClearField("raw_data")
    _constant(model, "half").float_data.append(0.5)


HOSTILE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "external data": (_external, "external_data"),
    "external data without a location": (_external_fields_alone, "external_data"),
    "a data location without data": (_location_alone, "data_location"),
    "a subgraph": (_subgraph, "field g, which is not allowed"),
    "a function": (_function, "functions"),
    "a sparse constant": (_sparse, "sparse_initializer"),
    "training": (lambda m: m.training_info.add(), "training_info"),
    "another operator": (lambda m: _add(m, "Loop", ["half", "half"], "x"), "operator Loop is not one of Add"),
    "a custom domain": (lambda m: m.opset_import.append(helper.make_opsetid("com.x", 1)), "opset_import once"),
    "a custom domain alone": (lambda m: m.opset_import[0].CopyFrom(helper.make_opsetid("x.y", 17)), "another domain"),
    "a node of another domain": (lambda m: setattr(m.graph.node[0], "domain", "com.x"), "field domain"),
    "another opset": (lambda m: setattr(m.opset_import[0], "version", 18), "opset 17; got 8, 18"),
    "another IR version": (lambda m: setattr(m, "ir_version", 10), "IR version 8"),
    "metadata": (lambda m: m.metadata_props.add(key="a", value="b"), "metadata_props"),
    "a shape that lies": (lambda m: _constant(m, "weight").dims.__setitem__(0, 511), "as many bytes as its shape"),
    "a huge shape": (lambda m: _constant(m, "weight").dims.__setitem__(0, 1 << 40), "impossible size"),
    "a negative shape": (lambda m: _constant(m, "weight").dims.__setitem__(0, -1), "impossible size"),
    "five dimensions": (lambda m: _constant(m, "weight").dims.append(1), "more than 4 dimensions"),
    "numbers outside the raw bytes": (_numbers_apart, "float_data"),
    "float64": (lambda m: _replace(m, "half", np.float64(0.5)), "neither float32 nor int64"),
    "a NaN": (lambda m: _replace(m, "half", np.float32(np.nan)), "infinite or NaN"),
    "an infinity": (lambda m: _replace(m, "half", np.float32(-np.inf)), "infinite or NaN"),
    "a second input": (
        lambda m: m.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1])),
        r"inputs must be log_mel \(batch, 32, 33\); got log_mel \(batch, 32, 33\), more \(1\)",
    ),
    "a fixed batch": (
        lambda m: m.graph.input[0].CopyFrom(helper.make_tensor_value_info("log_mel", TensorProto.FLOAT, [1, 32, 33])),
        "inputs must be",
    ),
    "an integer output": (
        lambda m: m.graph.output[0].CopyFrom(helper.make_tensor_value_info("embedding", TensorProto.INT64, [1, 512])),
        "embedding is not float32",
    ),
    "an output that lies about its shape": (
        lambda m: _set_attribute(m, "map", strides=[16, 16]),
        r"does not compute score_map of the shape \(1, 2\)",
    ),
    "an output that nothing computes": (lambda m: m.graph.node.pop(), "does not compute score_map"),
    "an embedding of another length": (
        lambda m: _replace(m, "weight", np.zeros((511, 1, 32, 32), np.float32)),
        r"does not compute embedding of the shape \(512,\)",
    ),
    "a name twice": (_twice, "a name is there twice"),
    "an output twice": (lambda m: _add(m, "Relu", ["map"], "map"), "map is there twice"),
    "a constant named as the input": (lambda m: setattr(m.graph.initializer[1], "name", "log_mel"), "name of an input"),
    "a circle": (lambda m: m.graph.node.insert(0, helper.make_node("Relu", ["map"], ["x"])), "not computed before it"),
    "an unknown attribute": (lambda m: _set_attribute(m, "map", auto_pad="SAME_UPPER"), "field s, which is not"),
    "groups": (lambda m: _set_attribute(m, "map", group=1), "attributes that it does not take"),
    "a huge padding": (lambda m: _set_attribute(m, "map", pads=[1 << 20] * 4), "does not fit"),
    "a gigantic attribute": (lambda m: _set_attribute(m, "map", pads=[1 << 40] * 4), "negative or too large"),
    "a negative attribute": (lambda m: _set_attribute(m, "map", pads=[-1] * 4), "negative or too large"),
    "a stride of zero": (lambda m: _set_attribute(m, "map", strides=[0, 0]), "does not fit"),
    "a missing attribute": (lambda m: _set_attribute(m, "embedding", keepdims=1), "does not fit"),
    "maps that double": (_chain_of_doubles, "is too large"),
    "work without end": (_work, "multiplications for one spectrogram"),
    "a name of many characters": (lambda m: setattr(m.graph.node[0], "op_type", "A" * 101), "1 to 100 characters"),
    "an unprintable name": (lambda m: setattr(m.graph.node[0], "op_type", "Re\nlu"), "printable ASCII"),
    "thousands of nodes": (lambda m: [_add(m, "Relu", ["map"], f"x{n}") for n in range(2001)], "nodes, and may have"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_file_is_refused_in_words(case: str) -> None:
    damage, message = HOSTILE[case]
    model = small_network()
    damage(model)
    with pytest.raises(NetworkFileError, match=message) as refusal:
        check(model.SerializeToString())
    assert len(str(refusal.value)) < 400


def test_a_file_of_gigabytes_is_refused_before_it_is_read() -> None:
    with pytest.raises(NetworkFileError, match="at most 268435456"):
        check(bytes((1 << 28) + 1))


def test_a_file_of_countless_fields_is_refused_soon() -> None:
    start = time.process_time()
    with pytest.raises(NetworkFileError, match="too many parts"):
        check(b"\x08\x08" * (1 << 22))
    assert time.process_time() - start < 5


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_file_that_was_cut_off_or_changed_passes_or_is_refused(data: st.DataObject) -> None:
    content = bytearray(_CONTENT)
    readable = [*range(300), *range(len(content) - 400, len(content))]  # the rest are the weights
    for place in data.draw(st.lists(st.sampled_from(readable), max_size=3)):
        content[place] = data.draw(st.integers(0, 255))
    length = data.draw(st.one_of(st.just(len(content)), st.integers(0, len(content))))
    try:
        check(bytes(content[:length]))
    except NetworkFileError:
        event("refused")


@given(st.binary(max_size=200))
def test_random_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(NetworkFileError):
        check(content)


@given(st.lists(st.integers(0, 2**64 - 1)), st.binary())
def test_a_message_is_read_as_it_was_written(numbers: list[int], piece: bytes) -> None:
    kind = MessageKind("test", {1: ("number", "integer"), 16: ("piece", "bytes")}, {})
    content = b"".join(b"\x08" + varint(number) for number in numbers) + b"\x82\x01" + varint(len(piece)) + piece
    message = WireReader(most_fields=1000).read(memoryview(content), kind)
    assert message.integers["number"] == numbers
    assert list(map(bytes, message.pieces["piece"])) == [piece]


@pytest.mark.parametrize("content", [b"\x08", b"\x08" + b"\x80" * 10, b"\x08" + b"\xff" * 9 + b"\x02", b"\x80\x80"])
def test_a_number_that_does_not_end_or_fit_is_an_error(content: bytes) -> None:
    with pytest.raises(WireError, match="within a number, or a number has more than 64 bits"):
        WireReader(most_fields=10).read(memoryview(content), MessageKind("test", {1: ("number", "integer")}, {}))


def varint(number: int) -> bytes:
    low, rest = number & 0x7F, number >> 7
    return bytes([low | 0x80]) + varint(rest) if rest else bytes([low])


def _in_integers(change: Callable[[Any], None], *, integers: bool = True) -> None:
    model = rounded_network(bands=BANDS, frames=FRAMES)
    change(model)
    check_network(model.SerializeToString(), bands=BANDS, frames=FRAMES, flow=True, integers=integers)


def _node(model: Any, output: str) -> Any:
    return next(node for node in model.graph.node if node.output[0] == output)


def _inputs(output: str, *inputs: str) -> Callable[[Any], None]:
    def change(model: Any) -> None:
        _node(model, output).input[:] = inputs

    return change


def _values(name: str, values: Any) -> Callable[[Any], None]:
    return lambda model: _replace(model, name, values)


def test_a_network_in_integers_passes_where_its_model_says_so_and_only_there() -> None:
    _in_integers(lambda model: None)
    with pytest.raises(NetworkFileError, match="must not compute with 8-bit integers"):
        _in_integers(lambda model: None, integers=False)
    with pytest.raises(NetworkFileError, match="must compute with 8-bit integers"):
        check_network(_CONTENT, bands=BANDS, frames=FRAMES, flow=True, integers=True)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (_inputs("map", "integers", "weight.rounded"), "takes integers, which is not computed before it"),
        (_inputs("map", "rounded", "weight.int8"), "takes weight.int8, which is not computed before it"),
        (_inputs("rounded", "integers", "weight.scale", "zero"), "by the same step and zero point"),
        (_inputs("rounded", "spectrogram", "step", "zero"), "by the same step and zero point"),
        (_inputs("rounded", "integers"), "rounded"),
        (_inputs("integers", "nothing", "step", "zero"), "one tensor that is computed before it"),
        (_inputs("integers", "spectrogram", "step"), "one tensor that is computed before it"),
        (_inputs("integers", "spectrogram", "spectrogram", "zero"), "constant steps above 0"),
        (_inputs("weight.rounded", "weight.int8"), "weight.rounded"),
        (_inputs("weight.rounded", "step", "weight.scale"), "constant of int8 of four dimensions"),
        (_inputs("weight.rounded", "weight.int8", "step"), "constant steps above 0, of the shape"),
        (_values("step", np.float32(0)), "constant steps above 0"),
        (_values("step", np.float32(-1)), "constant steps above 0"),
        (_values("step", np.full(1, 0.1, np.float32)), "constant steps above 0"),
        (_values("step", np.float32(np.inf)), "infinite or NaN"),
        (_values("zero", np.int8(0)), "one zero point of uint8"),
        (_values("weight.scale", np.ones(511, np.float32)), "constant steps above 0, of the shape"),
        (_values("weight.int8", np.zeros((512, 32), np.int8)), "constant of int8 of four dimensions"),
        (lambda model: _set_attribute(model, "weight.rounded", axis=1), "by axis 0"),
        (lambda model: _set_attribute(model, "integers", axis=1), "one tensor that is computed before it"),
        (lambda model: _set_attribute(model, "rounded", axis=1), "by the same step and zero point"),
    ],
)
def test_integers_in_any_other_form_are_refused(change: Callable[[Any], None], rule: str) -> None:
    with pytest.raises(NetworkFileError, match=rule):
        _in_integers(change)


def _many_times(model: Any) -> None:
    """Half a megabyte of integers, taken back as 270 MB of floats."""
    for number in range(130):
        _add(model, "DequantizeLinear", ["weight.int8", "weight.scale"], f"weight.{number}", axis=0)


def _of_a_constant(model: Any) -> None:
    """A constant is no map, and as large as a file may be."""
    model.graph.initializer.append(numpy_helper.from_array(np.zeros((1 << 21,), np.float32), "large"))
    model.graph.node.insert(1, helper.make_node("QuantizeLinear", ["large", "step", "zero"], ["large.integers"]))


@pytest.mark.parametrize(
    ("change", "rule"), [(_many_times, "one weight too many: all together"), (_of_a_constant, "large.integers is too")]
)
def test_integers_take_no_more_memory_than_floats_may(change: Callable[[Any], None], rule: str) -> None:
    with pytest.raises(NetworkFileError, match=rule):
        _in_integers(change)
