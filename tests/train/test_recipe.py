"""Recipes: defaults, what is refused and with which words."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from codesign.errors import CodesignError, RecipeError
from codesign.frontend.options import Head
from codesign.graph import FixedPoint
from codesign.train.layers import QDense, ends_in_softmax, output_width
from codesign.train.recipe import Recipe, Scaling, read_recipe

RECIPE = {
    "name": "tiny",
    "seed": 3,
    "data": {"source": "digits", "scaling": "divide", "divide_by": 16, "input_precision": "ufixed<5,1>"},
    "model": [
        {"type": "QDense", "name": "d", "units": 10, "kernel_quantizer": "quantized_bits(6,0,alpha=1)"},
        {"type": "QActivation", "name": "r", "activation": "quantized_relu(6,2)"},
    ],
    "training": {"epochs": 2},
}


@pytest.fixture
def write(tmp_path):
    def write(content) -> Path:
        path = tmp_path / "recipe.yml"
        path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
        return path

    return write


def changed(path, value=None):
    """The recipe with one key set, or left out where the value is None."""
    recipe = copy.deepcopy(RECIPE)
    place = recipe
    for key in path[:-1]:
        place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return recipe


def refusal(path):
    with pytest.raises(RecipeError) as caught:
        read_recipe(path)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    return text


def test_reads_a_recipe_and_fills_in_defaults(write):
    recipe = read_recipe(write(RECIPE))
    assert recipe.seed == 3
    assert recipe.data.input_precision == FixedPoint(False, 5, 1)
    assert recipe.data.scaling is Scaling.DIVIDE
    assert isinstance(recipe.model[0], QDense)
    assert str(recipe.model[0].kernel_quantizer) == "quantized_bits(bits=6,integer=0,alpha=1)"
    assert (recipe.convert.clock_ns, recipe.convert.head) == (10.0, Head.MODEL)
    assert (recipe.verify.random_samples, recipe.verify.seed, recipe.boards) == (2000, 0, ())


def test_its_echo_reads_back_as_the_same_recipe(write):
    recipe = read_recipe(write(RECIPE))
    again = read_recipe(write(recipe.to_dict()))
    assert again == recipe
    assert again.to_dict() == recipe.to_dict()


def test_the_example_recipes_are_sound(checkout):
    recipes = sorted((checkout / "examples").glob("*.yml"))
    assert recipes
    for path in recipes:
        assert isinstance(read_recipe(path), Recipe)


def test_the_training_digest_holds_what_decides_the_model(write):
    digest = read_recipe(write(RECIPE)).training_digest()
    for same in ({"verify": {"seed": 9}}, {"convert": {"clock_ns": 4}}):
        assert read_recipe(write({**RECIPE, **same})).training_digest() == digest
    for other in (changed(["seed"], 4), changed(["training", "epochs"], 3), changed(["model", 0, "units"], 11)):
        assert read_recipe(write(other)).training_digest() != digest


REFUSALS = [
    (changed(["sead"], 1), "sead: unknown key (did you mean 'seed'?)"),
    (changed(["data", "scalling"], "none"), "data.scalling: unknown key (did you mean 'scaling'?)"),
    (changed(["training", "epochs"]), "training: key 'epochs' is missing"),
    (changed(["name"]), "key 'name' is missing"),
    (changed(["name"], "../x"), "name: '../x' is illegal; a name is a letter"),
    (changed(["seed"], -1), "seed: -1 is illegal; give an integer in 0..4294967295"),
    (changed(["seed"], True), "seed: True is illegal"),
    (changed(["seed"], "1"), "seed: '1' is illegal"),
    (changed(["data"], [1]), "data: [1] is not a section"),
    (changed(["data", "source"], "digit"), "did you mean 'digits'"),
    (changed(["data", "source"], "x.pkl"), "the path of an .npz"),
    (changed(["data", "input_precision"], "ufixd<5,1>"), "not a fixed-point type"),
    (changed(["data", "input_precision"], "fixed<32,8>"), "32 bits wide; give at most 24"),
    (changed(["data", "divide_by"]), "divide_by belongs to scaling: divide"),
    (changed(["data", "test_fraction"], 0), "test_fraction: 0 is illegal; give a number above 0"),
    (changed(["data", "validation_fraction"], 0.85), "their sum must be below 1"),
    (changed(["model"], []), "model: [] is illegal; give a list of at least 1"),
    (changed(["model", 0], "Dense"), "model[0]: 'Dense' is not a layer"),
    (changed(["model", 0, "type"]), "model[0]: key 'type' is missing"),
    (changed(["model", 0, "type"], "QDens"), "model[0].type: 'QDens' is no layer (did you mean 'QDense'?)"),
    (changed(["model", 0, "units"], 0), "model[0].units: 0 is illegal"),
    (changed(["model", 0, "units"], 4.0), "model[0].units: 4.0 is illegal"),
    (changed(["model", 0, "unit"], 4), "model[0].unit: unknown key (did you mean 'units'?)"),
    (changed(["model", 0, "kernel_quantizer"]), "model[0]: key 'kernel_quantizer' is missing"),
    (
        changed(["model", 0, "kernel_quantizer"], "quantized_bit(6,0)"),
        "model[0].kernel_quantizer: 'quantized_bit(6,0)' names no known quantizer (did you mean 'quantized_bits'?)",
    ),
    (changed(["model", 0, "kernel_quantizer"], 6), "model[0].kernel_quantizer: 6 is illegal; give a quantizer"),
    (changed(["model", 1, "activation"], "quantized_relu(6,2,slope=1)"), "has no parameter 'slope'"),
    (changed(["model", 0, "activation"], "sofmax"), "did you mean 'softmax'"),
    (changed(["model", 0, "activation"], "softmax"), "softmax is the end of a classifier"),
    (changed(["model", 1, "name"], "d"), "'d' is the name of model[0] too"),
    (changed(["training", "optimizer"], "adamm"), "'adamm' is illegal (did you mean 'adam'?); give one of adam, sgd"),
    (changed(["training", "learning_rate"], float("nan")), "learning_rate: nan is illegal"),
    (changed(["training", "early_stopping"], 0), "early_stopping: 0 is illegal"),
    (changed(["convert", "clock_ns"], 0), "convert.clock_ns: 0 is illegal"),
    (changed(["convert", "head"], "argmx"), "did you mean 'argmax'"),
    (changed(["convert", "io_type"], "parallel"), "give one of io_parallel, io_stream"),
    (changed(["convert", "interface"], "axi"), "give one of valid_ready, axis, ap_ctrl_hs"),
    (changed(["convert", "axi_lite"], "on"), "convert.axi_lite: 'on' is illegal"),
    (changed(["verify", "random_samples"], -1), "verify.random_samples: -1 is illegal"),
    (changed(["boards"], "arty"), "boards: 'arty' is illegal; give a list"),
    (changed(["boards"], ["no-such-board"]), "boards[0]: 'no-such-board' is no board"),
    ("", "recipe: None is not a section"),
    ("- 1", "recipe: [1] is not a section"),
    ("name: [", "line 1"),
    ("name: a\nname: b", "line 2: key 'name' is given twice"),
    ("1: 2", "a key must be a word"),
    ("name: !!python/object/apply:os.getcwd []", "could not determine a constructor"),
    ("a: &x [1]\nb: *x", "alias *x repeats a whole section"),
    ("[" * 100, "deep"),
    ("a: \x01", "not readable YAML"),
]


@pytest.mark.parametrize(("content", "message"), REFUSALS, ids=[message for _, message in REFUSALS])
def test_refusals_name_the_file_the_key_and_what_is_legal(write, content, message):
    assert message in refusal(write(content))


def test_early_stopping_needs_validation_samples(write):
    recipe = changed(["training", "early_stopping"], 3)
    recipe["data"]["validation_fraction"] = 0
    assert "early stopping needs validation samples" in refusal(write(recipe))


def test_missing_recipes_are_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.yml")
    assert "is a folder" in refusal(tmp_path)
    (tmp_path / "big.yml").write_bytes(b"#" * (2 << 20))
    assert "larger than 1 MiB" in refusal(tmp_path / "big.yml")


def test_numbers_are_read_as_people_write_them(write):
    recipe = changed(["training", "learning_rate"], 1)
    text = yaml.safe_dump(recipe).replace("learning_rate: 1", "learning_rate: 1e-3")
    assert read_recipe(write(text)).training.learning_rate == 0.001


def test_a_quantizer_may_be_named_once_and_repeated(write):
    text = yaml.safe_dump(changed(["model", 0, "bias_quantizer"], "Q")).replace(
        "quantized_bits(6,0,alpha=1)", "&q quantized_bits(6,0,alpha=1)"
    )
    first, second = text.split("bias_quantizer: Q\n")
    rest = first.split("- ", 1)[0]
    kernel = "kernel_quantizer: &q quantized_bits(6,0,alpha=1)\n"
    reordered = f"{rest}- {kernel}  bias_quantizer: *q\n{second.replace('  ' + kernel, '')}"
    layer = read_recipe(write(reordered)).model[0]
    assert layer.bias_quantizer == layer.kernel_quantizer


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused(tmp_path, text):
    path = tmp_path / "any.yml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CodesignError):
        read_recipe(path)


def test_what_the_model_ends_in(write):
    recipe = read_recipe(write(RECIPE))
    assert not ends_in_softmax(recipe.model)
    assert output_width(recipe.model, (64,)) == 10
    for last in ({"type": "Softmax"}, {"type": "Activation", "activation": "softmax"}):
        model = read_recipe(write({**RECIPE, "model": [*RECIPE["model"], last]})).model
        assert ends_in_softmax(model)
        assert output_width(model, (64,)) == 10
