"""How fast the simulator is, beside everything else that answers for the same network, in one run on the same samples.

For each network: codesign's `Graph.predict`, hls4ml's compiled `predict`, the Keras or QKeras model itself, alkaid's
interpreter where our RTL flow has logic for the network, and bare float32 matrix products of the same sizes as the
floor. Everything runs on one thread, from float32 samples to numbers; repetitions are interleaved and medians taken,
because machines are shared. Then: codesign on all cores, a new process that loads a saved Graph and answers one sample,
and the memory that a million samples take.

    python benchmarks/simulate.py [--out build/bench/simulate.json] [--only mlp cnn lstm process]
"""

from __future__ import annotations

import os

# Before any library reads them.
os.environ.update(OMP_NUM_THREADS="1", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")

import argparse
import contextlib
import io
import json
import platform
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from codesign import Graph
from codesign.simulate.engine import predict_numbers
from codesign.simulate.engine.run import available_threads
from codesign.simulate.engine.worthwhile import machine_code

Answer = Callable[[npt.NDArray[np.float32]], Any]
Samples = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Contender:
    """Something that answers for a network.

    Attributes:
        answer: from samples to outputs.
        share: of the samples that it is given; the slow ones get fewer.
        exact: its outputs must equal codesign's.
    """

    answer: Answer
    share: float = 1.0
    exact: bool = False


@dataclass(frozen=True)
class Case:
    """A network and its samples.

    Attributes:
        title: what it is.
        graph: codesign's.
        x: float32 samples, on the grid of the input.
        contenders: by name.
    """

    title: str
    graph: Graph
    x: Samples
    contenders: Mapping[str, Contender]


def quiet() -> Any:
    """hls4ml and TensorFlow print a lot."""
    stack = contextlib.ExitStack()
    stack.enter_context(contextlib.redirect_stdout(io.StringIO()))
    stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
    return stack


def compiled(model_graph: Any, folder: Path) -> Answer:
    """hls4ml's own simulation, compiled with g++."""
    model_graph.config.config["OutputDir"] = str(folder)
    with quiet():
        model_graph.compile()

    def answer(x: Samples) -> Any:
        with quiet():
            return model_graph.predict(np.ascontiguousarray(x))

    return answer


def hls4ml_graph(model: Any, types: Mapping[str, Mapping[str, str]], folder: Path) -> Any:
    """A ModelGraph of a plain Keras model, with types as hls4ml's users state them."""
    import hls4ml

    with quiet():
        config = hls4ml.utils.config_from_keras_model(model, granularity="name", backend="Vitis")
        for layer, values in types.items():
            config["LayerName"][layer]["Precision"].update(values)
        return hls4ml.converters.convert_from_keras_model(
            model, hls_config=config, backend="Vitis", output_dir=str(folder), project_name="bench"
        )


def qkeras_graph(model: Any, input_precision: str) -> tuple[Graph, Any]:
    """Our conversion of a QKeras model: the Graph and the ModelGraph that it was read from."""
    from codesign.frontend.convert import convert
    from codesign.frontend.options import ConvertOptions
    from codesign.graph import FixedPoint

    with quiet():
        found = convert(model, ConvertOptions(input_type=FixedPoint.parse(input_precision)), cls=Graph)
    return found.graph, found.model_graph


def random_weights(model: Any) -> Any:
    """A model with random weights: what is trained takes no other time."""
    rng = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([rng.uniform(-0.9, 0.9, weight.shape) for weight in layer.get_weights()])
    return model


def keras_answer(model: Any) -> Answer:
    """Keras itself, in large batches, which suit it best."""
    return lambda x: model.predict(x, batch_size=min(len(x), 4096), verbose=0)


def quantizers() -> dict[str, Any]:
    """6-bit weights."""
    from qkeras import quantized_bits

    return {"kernel_quantizer": quantized_bits(6, 0, alpha=1), "bias_quantizer": quantized_bits(6, 0, alpha=1)}


def interpreted(graph: Graph) -> Answer:
    """alkaid's interpreter on the logic that our RTL flow makes of a Graph."""
    from alkaid.trace import trace
    from alkaid.trace.passes import optimize

    from codesign.rtl.arithmetic import inputs
    from codesign.rtl.casting import cast
    from codesign.rtl.exact_lsb import exact_lowest_bits
    from codesign.rtl.logic import Wires, precast
    from codesign.simulate.kernels import before_result

    port = graph.input_nodes[0]
    with exact_lowest_bits():
        x = values = inputs(port.result, port.size)
        for node in graph.nodes[1:]:
            (source,) = graph.sources(node)
            found, fraction = precast(node, [Wires(values, source.result, source.shape)])
            before = before_result(node, [source.result])
            values = [cast(v, fraction, node.result, source=before) for v in found]
        logic = optimize(trace(x, values, optimize=False), surrogate=False)
    up, down = 2.0**port.result.fraction, 2.0 ** -graph.output_nodes[0].result.fraction
    return lambda samples: logic.predict(samples.astype(np.float64) * up, n_threads=1) * down


def mlp(folder: Path, count: int) -> Case:
    """64-32-10."""
    import keras
    from qkeras import QActivation, QDense, quantized_relu

    layers = [
        keras.layers.Input((64,)),
        QDense(32, name="fc1", **quantizers()),
        QActivation(quantized_relu(6, 2), name="relu1"),
        QDense(10, name="fc2", **quantizers()),
    ]
    model = random_weights(keras.Sequential(layers, name="mlp"))
    graph, model_graph = qkeras_graph(model, "ufixed<6,2>")
    x = (np.random.default_rng(1).integers(0, 64, (count, 64)) / 16).astype(np.float32)
    first, second = (np.random.default_rng(2).random(shape, dtype=np.float32) for shape in ((64, 32), (32, 10)))
    contenders = {
        "codesign": Contender(lambda x: predict_numbers(graph, {graph.input_nodes[0].name: x}, threads=1), exact=True),
        "float32 products": Contender(lambda x: (x @ first) @ second),
        "hls4ml, compiled": Contender(compiled(model_graph, folder), 0.02, exact=True),
        "QKeras": Contender(keras_answer(model), exact=True),
        "alkaid, interpreted": Contender(interpreted(graph), exact=True),
    }
    return Case("64-32-10 network, 6 bits", graph, x, contenders)


def cnn(folder: Path, count: int) -> Case:
    """28x28, two strided convolutions, a dense layer."""
    import keras
    from qkeras import QActivation, QConv2D, QDense, quantized_relu

    layers = [
        keras.layers.Input((28, 28, 1)),
        QConv2D(8, 3, strides=2, name="conv1", **quantizers()),
        QActivation(quantized_relu(6, 2), name="relu1"),
        QConv2D(16, 3, strides=2, name="conv2", **quantizers()),
        QActivation(quantized_relu(6, 2), name="relu2"),
        keras.layers.Flatten(name="flat"),
        QDense(10, name="fc", **quantizers()),
    ]
    model = random_weights(keras.Sequential(layers, name="cnn"))
    graph, model_graph = qkeras_graph(model, "ufixed<8,0>")
    x = (np.random.default_rng(1).integers(0, 256, (count, 28, 28, 1)) / 256).astype(np.float32)
    sizes = ((9, 8, 169), (72, 16, 36), (576, 10, 1))
    rng = np.random.default_rng(2)
    pairs = [(rng.random((256 * n, k), np.float32), rng.random((k, m), np.float32)) for k, m, n in sizes]

    def products(x: Samples) -> None:
        for _ in range(len(x) // 256):
            for left, right in pairs:
                left @ right

    contenders = {
        "codesign": Contender(lambda x: predict_numbers(graph, {graph.input_nodes[0].name: x}, threads=1), exact=True),
        "float32 products": Contender(products),
        "hls4ml, compiled": Contender(compiled(model_graph, folder), 0.02, exact=True),
        "QKeras": Contender(keras_answer(model), exact=True),
    }
    return Case("28x28 convolutional network, 6 bits", graph, x, contenders)


def lstm(folder: Path, count: int) -> Case:
    """32 steps of 8 numbers through an LSTM of 32."""
    import keras

    model = random_weights(
        keras.Sequential([keras.layers.Input((32, 8)), keras.layers.LSTM(32, name="lstm")], name="lstm32")
    )
    model_graph = hls4ml_graph(model, {}, folder)
    graph = Graph.from_hls4ml(model_graph)
    x = (np.random.default_rng(1).integers(-256, 256, (count, 32, 8)) / 128).astype(np.float32)
    rng = np.random.default_rng(2)
    state, inside = rng.random((512, 32), np.float32), rng.random((32, 128), np.float32)
    read, outside = rng.random((512 * 32, 8), np.float32), rng.random((8, 128), np.float32)

    def products(x: Samples) -> None:
        for _ in range(len(x) // 512):
            read @ outside
            for _ in range(32):
                state @ inside

    contenders = {
        "codesign": Contender(lambda x: predict_numbers(graph, {graph.input_nodes[0].name: x}, threads=1), exact=True),
        "float32 products": Contender(products),
        "hls4ml, compiled": Contender(compiled(model_graph, folder), 0.02, exact=True),
        "Keras": Contender(keras_answer(model)),
    }
    return Case("LSTM of 32 over 32 steps, hls4ml's default types", graph, x, contenders)


def outputs(found: Any) -> npt.NDArray[np.float64]:
    """What a contender answered, (samples, numbers)."""
    values = next(iter(found.outputs.values())) if hasattr(found, "outputs") else np.asarray(found)
    return np.asarray(values, dtype=np.float64).reshape(len(values), -1)


def check(case: Case) -> None:
    """Refuse to compare the speed of different answers."""
    x = case.x[:200]
    expected = outputs(case.contenders["codesign"].answer(x))
    for name, contender in case.contenders.items():
        if contender.exact and not np.array_equal(outputs(contender.answer(x)), expected):
            raise SystemExit(f"{case.title}: {name} answers differently")


def numpy_alone(answer: Answer) -> Answer:
    """codesign where numba is not installed, or has not paid yet."""

    def run(x: Samples) -> Any:
        code, machine_code.code = machine_code.code, None
        try:
            return answer(x)
        finally:
            machine_code.code = code

    return run


def warm_up(case: Case) -> None:
    """As for the others, what is made once is made before: the plan, and machine code after enough work."""
    answer = case.contenders["codesign"].answer
    started = time.perf_counter()
    answer(case.x)
    while not machine_code.tried and time.perf_counter() - started < 20:
        answer(case.x)


def measure(case: Case, repetitions: int) -> dict[str, Any]:
    """Nanoseconds a sample on one thread, the median over interleaved repetitions, and the ratios to codesign's."""
    alone = Contender(numpy_alone(case.contenders["codesign"].answer), exact=True)
    case = replace(case, contenders={**case.contenders, "codesign, NumPy alone": alone})
    check(case)
    times: dict[str, list[float]] = {name: [] for name in case.contenders}
    warm_up(case)
    with threadpool_limits(1, user_api="blas"):
        for _ in range(repetitions):
            for name, contender in case.contenders.items():
                x = case.x[: max(1, int(len(case.x) * contender.share))]
                started = time.perf_counter()
                contender.answer(x)
                times[name].append((time.perf_counter() - started) / len(x) * 1e9)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["codesign"]
    started = time.perf_counter()
    predict_numbers(case.graph, {case.graph.input_nodes[0].name: case.x})
    all_cores = (time.perf_counter() - started) / len(case.x) * 1e9
    print(f"\n{case.title}: {len(case.x):,} samples, one thread, median of {repetitions}")
    print(f"  {'':24}{'ns a sample':>14}{'of codesign':>14}{'fastest':>14}")
    for name, value in medians.items():
        print(f"  {name:24}{value:14,.0f}{value / ours:13,.2f}x{min(times[name]):14,.0f}")
    print(f"  {f'codesign, {available_threads()} threads':24}{all_cores:14,.0f}{all_cores / ours:13,.2f}x")
    return {
        "samples": len(case.x),
        "ns": medians,
        "fastest_ns": {n: min(v) for n, v in times.items()},
        "all_cores_ns": all_cores,
    }


_ONE_SAMPLE = """
import numpy as np
from codesign import Graph
print(Graph.load({folder!r}).predict(np.zeros((1, 64))).shape)
"""

# The peak of a process's own memory; ru_maxrss would start at that of its parent.
_MILLION = """
import re
from pathlib import Path
import numpy as np
from codesign import Graph
peak = lambda: int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1])
graph = Graph.load({folder!r})
x = np.load({folder!r} + "/x.npy")
before = peak()
y = graph.predict(x)
print((peak() - before) / 1024)
"""


def in_process(code: str) -> tuple[float, str]:
    """Seconds that a new interpreter takes for some code, and what it prints."""
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return time.perf_counter() - started, done.stdout.strip()


def processes(graph: Graph, x: Samples, repetitions: int) -> dict[str, Any]:
    """A new process for one sample, and the memory that a million samples take above the samples themselves."""
    with tempfile.TemporaryDirectory() as folder:
        graph.save(folder)
        np.save(Path(folder) / "x.npy", np.tile(x, (-(-1_000_000 // len(x)), 1))[:1_000_000])
        starts = [in_process(_ONE_SAMPLE.format(folder=folder))[0] for _ in range(repetitions)]
        mebibytes = float(in_process(_MILLION.format(folder=folder))[1])
    start = statistics.median(starts)
    print(f"\nnew process, saved 64-32-10 Graph loaded, one sample answered: {start:.2f} s, median of {repetitions}")
    print(f"a million samples of 64 numbers: {mebibytes:.0f} MiB above the samples")
    return {"cold_start_s": start, "million_samples_mib": mebibytes}


CASES: dict[str, tuple[Callable[[Path, int], Case], int]] = {
    "mlp": (mlp, 100_000),
    "cnn": (cnn, 10_000),
    "lstm": (lstm, 10_000),
}


def main() -> None:
    """Measure, print, and write the numbers as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--out", type=Path, default=Path("build/bench/simulate.json"))
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--only", nargs="+", choices=[*CASES, "process"], default=[*CASES, "process"])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found: dict[str, Any] = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "processor": platform.processor() or platform.machine(),
        "cores": available_threads(),
    }
    with tempfile.TemporaryDirectory() as folder:
        for name, (make, count) in CASES.items():
            if name not in options.only:
                continue
            case = make(Path(folder) / name, count)
            found[name] = measure(case, options.repetitions)
            if name == "mlp" and "process" in options.only:
                found["process"] = processes(case.graph, case.x, options.repetitions)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=1) + "\n")
    print(f"\nwritten to {options.out}")


if __name__ == "__main__":
    main()
