"""Architectures are checked as data: no Keras is needed to refuse one."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import CodesignError, ModelFileError, UnsupportedLayerError
from codesign.frontend.model_config import checked_config

MODEL = {
    "class_name": "Sequential",
    "config": {
        "name": "m",
        "layers": [
            {"class_name": "InputLayer", "config": {"batch_input_shape": [None, 4], "name": "x"}},
            {
                "class_name": "QDense",
                "config": {"name": "d", "units": 3, "kernel_quantizer": "quantized_bits(6,0,alpha=1)"},
            },
        ],
    },
}


def changed(path, value):
    config = copy.deepcopy(MODEL)
    place = config
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return config


DENSE = ["config", "layers", 1]


def test_quantizer_texts_become_dictionaries():
    given_config = copy.deepcopy(MODEL)
    quantizer = {"class_name": "quantized_bits", "config": {"bits": 6, "integer": 0, "alpha": 1}}
    checked = checked_config(given_config, "m.h5", legacy=True)
    assert checked["config"]["layers"][1]["config"]["kernel_quantizer"] == quantizer
    assert given_config == MODEL
    checked = checked_config(MODEL, "m.keras", legacy=False)
    assert checked["config"]["layers"][1]["config"]["kernel_quantizer"] == quantizer | {
        "module": "qkeras.quantizers",
        "registered_name": "qkeras>quantized_bits",
    }


def test_the_oldest_sequential_gets_todays_layout():
    config = {"class_name": "Sequential", "config": copy.deepcopy(MODEL["config"]["layers"])}
    checked = checked_config(config, "m.json", legacy=True)
    assert [layer["config"]["name"] for layer in checked["config"]["layers"]] == ["x", "d"]


def test_compile_settings_are_dropped_at_any_depth():
    config = changed(["compile_config"], {"optimizer": {"class_name": "Evil", "config": {}}})
    config["config"]["layers"].append({**copy.deepcopy(MODEL), "compile_config": {"class_name": "Evil"}})
    assert "Evil" not in str(checked_config(config, "m.keras", legacy=False))


@pytest.mark.parametrize(
    ("path", "value", "kind", "message"),
    [
        ([*DENSE, "class_name"], "Lambda", ModelFileError, "layer 'd' is a Lambda"),
        ([*DENSE, "class_name"], "QDens", UnsupportedLayerError, "did you mean 'QDense'"),
        ([*DENSE, "class_name"], 7, ModelFileError, "class name is 7"),
        ([*DENSE, "class_name"], "evil>QDense", UnsupportedLayerError, "evil>QDense"),
        ([*DENSE, "module"], "subprocess", ModelFileError, "module 'subprocess'"),
        ([*DENSE, "module"], "keras.utils", ModelFileError, "module 'keras.utils'"),
        ([*DENSE, "module"], "qkeras.__init__;x", ModelFileError, "only keras and qkeras"),
        ([*DENSE, "registered_name"], "builtins>eval", ModelFileError, "builtins>eval"),
        ([*DENSE, "config", "kernel_initializer"], {"class_name": "Evil", "config": {}}, ModelFileError, "'Evil'"),
        ([*DENSE, "config", "kernel_quantizer"], "eval(1)", ModelFileError, "kernel_quantizer is not loaded"),
        ([*DENSE, "config", "activation"], "os.system", ModelFileError, "layer 'd': activation is not loaded"),
        ([*DENSE, "config", "units"], -1, ModelFileError, "units is -1"),
        (["config", "layers", 0, "config", "batch_input_shape"], [None, 1 << 40], ModelFileError, "batch_input_shape"),
        (["config", "layers", 0, "config", "batch_input_shape"], [1 << 19, 1 << 19], ModelFileError, "together"),
        (["class_name"], "Dense", ModelFileError, "describes 'Dense'"),
        (["class_name"], "MyModel", UnsupportedLayerError, "MyModel"),
    ],
)
@pytest.mark.parametrize("legacy", [True, False])
def test_refusals_name_the_layer_and_the_value(path, value, kind, message, legacy):
    with pytest.raises(kind) as refusal:
        checked_config(changed(path, value), "m.keras", legacy=legacy)
    assert message in str(refusal.value)
    assert str(refusal.value).startswith("m.keras")


def test_deep_nesting_is_refused():
    config = copy.deepcopy(MODEL)
    deep = value = {}
    for _ in range(200):
        value["x"] = {}
        value = value["x"]
    config["config"]["extra"] = deep
    with pytest.raises(ModelFileError, match="nested"):
        checked_config(config, "m.keras", legacy=False)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["class_name", "config", "name", "module", "activation", "x_quantizer", "units", "layers"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(_JSON)
def test_any_json_is_checked_or_refused(value):
    assert all(
        checked_or_refused(config)
        for config in (value, changed([*DENSE, "config", "extra"], value), changed(DENSE, value))
    )


def checked_or_refused(config):
    try:
        checked = checked_config(config, "m.keras", legacy=False)
    except CodesignError as error:
        return str(error).startswith("m.keras")
    return checked["class_name"] == "Sequential"


def test_needs_no_keras():
    code = (
        "import sys, codesign.frontend.model_config, codesign.frontend.loading, codesign.train\n"
        "assert not {'keras', 'tensorflow', 'qkeras', 'h5py', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
