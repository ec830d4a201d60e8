"""Loading model files: sound ones load unchanged; missing, damaged and hostile ones are refused by name."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from codesign.errors import CodesignError, ModelFileError, UnsupportedLayerError, WeightError
from codesign.frontend.keras_import import import_keras, no_warnings
from codesign.frontend.loading import load_model

ODD_NAME = '../../x; rm -rf $HOME "'


def mlp():
    keras, qkeras = import_keras()
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            keras.layers.Input((6,)),
            qkeras.QDense(
                5, kernel_quantizer=qkeras.quantized_bits(6, 0, alpha=1), bias_quantizer="quantized_bits(6,0)"
            ),
            qkeras.QActivation("quantized_relu(6,2)"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(3, activation="softmax"),
        ],
        name="mlp",
    )


def convolutional():
    keras, qkeras = import_keras()
    keras.utils.set_random_seed(0)
    weights = {"kernel_quantizer": "quantized_bits(5,0,alpha=1)", "bias_quantizer": "quantized_bits(5,0,alpha=1)"}
    x = keras.layers.Input((8, 8, 1))
    a = qkeras.QConv2D(3, 3, padding="same", **weights)(x)
    a = qkeras.QActivation("quantized_relu(5,1)")(a)
    b = qkeras.QConv2DBatchnorm(3, 3, padding="same", **weights)(x)
    c = qkeras.QBatchNormalization()(keras.layers.Add()([a, b]))
    c = keras.layers.MaxPooling2D()(keras.layers.ReLU()(c))
    return keras.Model(x, keras.layers.Softmax()(qkeras.QDense(4, **weights)(keras.layers.Flatten()(c))))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def keras_file(folder):
    with no_warnings():
        mlp().save(folder / "mlp.keras")
    return folder / "mlp.keras"


@pytest.fixture(scope="module")
def h5_file(folder):
    with no_warnings():
        mlp().save(folder / "mlp.h5")
    return folder / "mlp.h5"


def change_keras(source: Path, target: Path, change) -> Path:
    """A copy of an archive with its architecture changed in place."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "config.json":
                config = json.loads(data)
                change(config)
                data = json.dumps(config).encode()
            new.writestr(name, data)
    return target


def change_h5(source: Path, target: Path, change) -> Path:
    target.write_bytes(source.read_bytes())
    with h5py.File(target, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        change(config)
        file.attrs["model_config"] = json.dumps(config)
    return target


def same_answers(loaded, model):
    x = np.linspace(0, 1, 4 * int(np.prod(model.input_shape[1:])), dtype=np.float32).reshape(4, *model.input_shape[1:])
    return np.array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def refusal(path, kind=ModelFileError, **more):
    with pytest.raises(kind) as caught:
        load_model(path, **more)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("build", [mlp, convolutional])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_a_saved_model_loads_unchanged(tmp_path, build, ending):
    model = build()
    with no_warnings():
        model.save(tmp_path / f"model.{ending}")
    assert same_answers(load_model(tmp_path / f"model.{ending}"), model)


def test_a_compiled_model_loads_without_its_optimizer(tmp_path):
    model = mlp()
    model.compile("adam", "categorical_crossentropy")
    with no_warnings():
        model.save(tmp_path / "a.keras")
    loaded = load_model(tmp_path / "a.keras")
    assert not loaded.compiled
    assert same_answers(loaded, model)


def as_keras2(config):
    """The architecture as Keras 2 wrote it."""
    for layer in config["config"]["layers"]:
        layer.pop("build_config", None)
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_input_shape"] = layer["config"].pop("batch_shape")
            layer["config"].pop("optional", None)
    return config


@pytest.mark.parametrize("given", [True, False])
def test_architecture_and_weights_apart_load(tmp_path, h5_file, given):
    with h5py.File(h5_file) as file:
        config = as_keras2(json.loads(file.attrs["model_config"]))
    (tmp_path / "mlp.json").write_text(json.dumps(config))
    weights = tmp_path / ("other.h5" if given else "mlp_weights.h5")
    with h5py.File(h5_file) as source, h5py.File(weights, "w") as target:
        for name in source["model_weights"]:
            source.copy(source["model_weights"][name], target, name)
        for name, value in source["model_weights"].attrs.items():
            target.attrs[name] = value
    loaded = load_model(tmp_path / "mlp.json", weights if given else None)
    assert same_answers(loaded, mlp())


def test_keras_3_json_with_its_weights_loads(tmp_path):
    model = mlp()
    (tmp_path / "mlp.json").write_text(model.to_json())
    model.save_weights(tmp_path / "mlp.weights.h5")
    assert same_answers(load_model(tmp_path / "mlp.json"), model)


def test_architecture_without_weights_is_refused(tmp_path):
    (tmp_path / "mlp.json").write_text(mlp().to_json())
    assert "mlp_weights.h5" in refusal(tmp_path / "mlp.json")


def test_weights_without_architecture_are_refused(tmp_path):
    mlp().save_weights(tmp_path / "a.weights.h5")
    assert "no architecture" in refusal(tmp_path / "a.weights.h5")


def test_weights_of_another_model_are_refused(tmp_path):
    (tmp_path / "mlp.json").write_text(mlp().to_json())
    convolutional().save_weights(tmp_path / "mlp.weights.h5")
    assert "cannot be rebuilt" in refusal(tmp_path / "mlp.json")


def test_weights_beside_a_whole_model_are_refused(keras_file, h5_file):
    assert "brings its own weights" in refusal(keras_file, weights=h5_file)


def old_qkeras_functional(path):
    """A branching model laid out as QKeras 0.9 on Keras 2 wrote it: plain class names, lists of inbound nodes."""
    quantizer = {"class_name": "quantized_bits", "config": {"bits": 6, "integer": 0, "symmetric": 0, "alpha": 1}}
    scaled = {"initializer": {"class_name": "HeNormal", "config": {"seed": None}, "__passive_serialization__": True}}
    dense = {
        "name": "d",
        "units": 3,
        "activation": "linear",
        "kernel_initializer": {
            "class_name": "QInitializer",
            "config": {**scaled, "use_scale": True, "quantizer": quantizer},
        },
        "kernel_constraint": {"class_name": "Clip", "config": {"min_value": -1.0, "max_value": 1.0}},
        "kernel_quantizer": quantizer,
        "bias_quantizer": "quantized_bits(6,0,alpha=1)",
        "kernel_range": None,
    }
    layers = [
        ("InputLayer", {"name": "x", "batch_input_shape": [None, 4], "sparse": False, "ragged": False}, []),
        ("QDense", dense, ["x"]),
        ("QActivation", {"name": "a", "activation": "quantized_relu(6,2)"}, ["d"]),
        ("QActivation", {"name": "b", "activation": "quantized_relu(6,1)"}, ["d"]),
        ("Add", {"name": "sum"}, ["a", "b"]),
    ]
    config = {
        "name": "model",
        "layers": [
            {
                "class_name": kind,
                "name": layer["name"],
                "config": {"trainable": True, "dtype": "float32", **layer},
                "inbound_nodes": [[[source, 0, 0, {}] for source in sources]] if sources else [],
            }
            for kind, layer, sources in layers
        ],
        "input_layers": [["x", 0, 0]],
        "output_layers": [["sum", 0, 0]],
    }
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Functional", "config": config}).encode()
        file.attrs["training_config"] = json.dumps({"optimizer_config": {"class_name": "Gone", "config": {}}})
        weights = file.create_group("model_weights")
        weights.attrs["layer_names"] = [layer["name"].encode() for _, layer, _ in layers]
        for _, layer, _ in layers:
            weights.create_group(layer["name"]).attrs["weight_names"] = []
        weights["d"].attrs["weight_names"] = [b"d/kernel:0", b"d/bias:0"]
        weights["d/d/kernel:0"] = np.full((4, 3), 0.5, np.float32)
        weights["d/d/bias:0"] = np.array([0.25, 0.0, -0.25], np.float32)


def test_an_old_functional_qkeras_file_loads(tmp_path):
    old_qkeras_functional(tmp_path / "old.h5")
    answer = load_model(tmp_path / "old.h5").predict(np.ones((1, 4), np.float32), verbose=0)
    largest = 2 - 2**-5  # of quantized_relu(6,1)
    assert np.array_equal(answer, [[2.25 + largest, 2 + largest, 1.75 + 1.75]])


def test_public_models_load_or_are_refused_by_name(example_models):
    folder = example_models
    for name in ("qkeras_3layer.json", "KERAS_3layer.json", "KERAS_conv1d_small.json", "qkeras-v3_3layer.keras"):
        assert load_model(folder / name).output_shape == (None, 5)
    text = refusal(folder / "KERAS_3layer_ternary_small.json", UnsupportedLayerError)
    assert "'fc1'" in text
    assert "TernaryDense" in text
    assert "ONNX" in refusal(folder / "three_layer_keras.onnx")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.keras", b"", "is empty"),
        ("text.h5", b"hello world", "neither a .keras archive"),
        ("model.pkl", b"anything", "pickle"),
        ("hidden.keras", pickle.dumps({"a": [1, 2]}), "pickle"),
        ("hidden.h5", pickle.dumps({"a": [1, 2]}, protocol=0), "pickle"),
        ("old.json", pickle.dumps([1, 2], protocol=1), "pickle"),
        ("model.onnx", b"\x08\x07", "ONNX"),
        ("model.pt", b"PK\x03\x04", "PyTorch"),
        ("list.json", b"[1, 2]", "not a whole Sequential"),
        ("deep.json", b"[" * 100_000, "JSON"),
        ("cut.json", b'{"class_name": "Sequential", ', "not readable JSON"),
    ],
)
def test_other_files_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    (tmp_path / "list_weights.h5").write_bytes(b"")
    if name.endswith(".json"):
        with h5py.File(tmp_path / name.replace(".json", "_weights.h5"), "w") as file:
            file.attrs["layer_names"] = []
    text = refusal(tmp_path / name)
    assert message in text
    assert name in text


def test_no_pickle_is_ever_opened(tmp_path):
    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    for name in ("a.keras", "a.h5", "a.json", "a.pkl", "a.bin"):
        for protocol in range(6):
            (tmp_path / name).write_bytes(pickle.dumps(Trap(), protocol=protocol))
            assert "pickle" in refusal(tmp_path / name)
    assert not (tmp_path / "sprung").exists()


def test_missing_files_and_folders_are_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.keras")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "saved_model.pb").touch()
    assert "SavedModel" in refusal(tmp_path)


@pytest.mark.parametrize("kind", ["keras", "h5"])
@pytest.mark.parametrize("keep", [10, 0.1, 0.5, 0.9, -1])
def test_truncated_files_are_refused(tmp_path, keras_file, h5_file, kind, keep):
    content = (keras_file if kind == "keras" else h5_file).read_bytes()
    size = keep if isinstance(keep, int) else int(keep * len(content))
    (tmp_path / f"cut.{kind}").write_bytes(content[:size])
    assert "cut." in refusal(tmp_path / f"cut.{kind}")


@pytest.mark.parametrize("kind", ["keras", "h5"])
def test_flipped_bytes_never_end_in_another_error(tmp_path, keras_file, h5_file, kind):
    content = bytearray((keras_file if kind == "keras" else h5_file).read_bytes())
    random = np.random.default_rng(0)
    refused = 0
    for number in range(25):
        damaged = bytearray(content)
        for place in random.integers(0, len(content), 1 + 8 * (number % 4)):
            damaged[place] ^= int(random.integers(1, 256))
        (tmp_path / f"flip.{kind}").write_bytes(damaged)
        try:
            load_model(tmp_path / f"flip.{kind}")
        except CodesignError:
            refused += 1
    assert refused >= (20 if kind == "keras" else 1)  # every byte of an archive is under its checksums


def layer_of(config, index):
    return config["config"]["layers"][index]


def make_lambda(config):
    layer_of(config, 2).update(
        class_name="Lambda",
        module="keras.layers",
        registered_name=None,
        config={"name": "sneaky", "function": {"class_name": "__lambda__", "config": {"code": "4wEAAA=="}}},
    )


def make_nested_lambda(config):
    layer_of(config, 2)["config"]["activation"] = {"class_name": "__lambda__", "config": {"value": "4wEAAA=="}}


def set_activation(text):
    def change(config):
        layer_of(config, 2)["config"]["activation"] = text

    return change


def set_kernel_quantizer(text):
    def change(config):
        layer_of(config, 1)["config"]["kernel_quantizer"] = text

    return change


def set_module(config):
    layer_of(config, 1).update(module="os", registered_name=None)


def set_registered_name(config):
    layer_of(config, 1).update(module=None, registered_name="evil>QDense")


def set_class(config):
    layer_of(config, 1).update(class_name="TernaryDense")


def set_function(config):
    layer_of(config, 4)["config"]["activation"] = {
        "module": "keras.utils",
        "class_name": "function",
        "config": "get_file",
        "registered_name": "get_file",
    }


def set_units(config):
    layer_of(config, 1)["config"]["units"] = 10**12


def set_name(text):
    def change(config):
        layer_of(config, 1)["config"]["name"] = text

    return change


def test_a_lambda_layer_is_refused_before_anything_is_built(tmp_path, keras_file, h5_file, monkeypatch):
    files = [
        change_keras(keras_file, tmp_path / "a.keras", make_lambda),
        change_h5(h5_file, tmp_path / "a.h5", make_lambda),
    ]
    monkeypatch.setattr("codesign.frontend.loading.import_keras", lambda: pytest.fail("Keras was reached"))
    for file in files:
        text = refusal(file)
        assert "'sneaky' is a Lambda" in text
        assert file.name in text


CHANGES = [
    (make_nested_lambda, ModelFileError, "lambda"),
    (set_module, ModelFileError, "module 'os'"),
    (set_registered_name, ModelFileError, "evil>QDense"),
    (set_class, UnsupportedLayerError, "TernaryDense"),
    (set_function, ModelFileError, "keras.utils"),
    (set_units, ModelFileError, "units is 1000000000000"),
    (set_activation("__import__('os').abort()"), ModelFileError, "activation is not loaded"),
    (set_activation("os"), ModelFileError, "no known activation"),
    (set_kernel_quantizer("quantized_bit(6,0)"), ModelFileError, "did you mean 'quantized_bits'"),
    (set_kernel_quantizer("quantized_bits(open('/x'))"), ModelFileError, "not a literal"),
    (set_name(ODD_NAME), ModelFileError, ascii(ODD_NAME)),
    (set_name("a\nb"), ModelFileError, "a\\nb"),
    (set_name(""), ModelFileError, "layer name '' is illegal"),
]


@pytest.mark.parametrize(("change", "kind", "message"), CHANGES)
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_hostile_architectures_are_refused(tmp_path, keras_file, h5_file, ending, change, kind, message, monkeypatch):
    file = tmp_path / f"a.{ending}"
    if ending == "keras":
        change_keras(keras_file, file, change)
    else:
        change_h5(h5_file, file, change)
    monkeypatch.chdir(tmp_path)
    text = refusal(file, kind)
    assert message in text
    assert file.name in text
    assert [entry.name for entry in tmp_path.iterdir()] == [file.name]


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_odd_but_harmless_names_load(tmp_path, ending):
    keras, _ = import_keras()
    model = keras.Sequential([keras.layers.Input((3,)), keras.layers.Dense(2, name='..x; rm -rf $HOME "')])
    with no_warnings():
        model.save(tmp_path / f"odd.{ending}")
    assert load_model(tmp_path / f"odd.{ending}").layers[0].name == '..x; rm -rf $HOME "'
    assert [entry.name for entry in tmp_path.iterdir()] == [f"odd.{ending}"]


@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_quantizer_texts_in_a_file_mean_what_qkeras_means(tmp_path, keras_file, h5_file, ending):
    change = set_kernel_quantizer("quantized_bits(3, 0, alpha=1)")
    source, edit = (keras_file, change_keras) if ending == "keras" else (h5_file, change_h5)
    layer = load_model(edit(source, tmp_path / f"a.{ending}", change)).layers[0]
    quantizer = layer.kernel_quantizer_internal
    assert (type(quantizer).__name__, quantizer.bits, quantizer.alpha) == ("quantized_bits", 3, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("ending", ["keras", "h5"])
def test_weights_that_are_not_finite_are_refused(tmp_path, value, ending):
    model = mlp()
    weights = model.get_weights()
    weights[0][1, 2] = weights[0][2, 2] = value
    model.set_weights(weights)
    with no_warnings():
        model.save(tmp_path / f"a.{ending}")
    text = refusal(tmp_path / f"a.{ending}", WeightError)
    assert "'kernel'" in text
    assert model.layers[0].name in text
    assert ("2 NaN and 0" if np.isnan(value) else "0 NaN and 2") in text


def test_archives_that_unpack_to_too_much_are_refused(tmp_path, keras_file):
    with zipfile.ZipFile(keras_file) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(tmp_path / "bomb.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", config)
        archive.writestr("model.weights.h5", b"\0" * (40 << 20))
    assert "would unpack from" in refusal(tmp_path / "bomb.keras")


def test_weights_that_unpack_to_too_much_are_refused(tmp_path, h5_file):
    target = tmp_path / "bomb.h5"
    target.write_bytes(h5_file.read_bytes())
    with h5py.File(target, "r+") as file:
        file["model_weights"].create_dataset("big", shape=(1 << 27,), dtype="f4", chunks=(1 << 20,), compression="gzip")
    assert "would unpack to" in refusal(target)


@pytest.mark.parametrize(
    "link", [h5py.ExternalLink("/etc/hostname", "/x"), h5py.SoftLink("/model_weights"), "external"]
)
def test_weights_in_other_files_are_refused(tmp_path, h5_file, link):
    target = tmp_path / "link.h5"
    target.write_bytes(h5_file.read_bytes())
    with h5py.File(target, "r+") as file:
        if link == "external":
            file.create_dataset("x", shape=(4,), dtype="f4", external=[("other.raw", 0, 16)])
        else:
            file["x"] = link
    text = refusal(target)
    assert "link" in text or "another file" in text


@pytest.mark.parametrize("missing", ["config.json", "model.weights.h5"])
def test_archives_that_lack_a_part_are_refused(tmp_path, keras_file, missing):
    with zipfile.ZipFile(keras_file) as old, zipfile.ZipFile(tmp_path / "a.keras", "w") as new:
        for name in old.namelist():
            if name != missing:
                new.writestr(name, old.read(name))
    assert f"0 parts named {missing}" in refusal(tmp_path / "a.keras")


def test_an_archive_with_a_pickle_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps([1]))
    (tmp_path / "a.keras").write_bytes(buffer.getvalue())
    assert "pickle" in refusal(tmp_path / "a.keras")


def test_loading_is_silent(keras_file, capfd):
    load_model(keras_file)
    captured = capfd.readouterr()
    assert captured.out + captured.err == ""
