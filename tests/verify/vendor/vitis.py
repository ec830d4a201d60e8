"""Stand-ins for what Vitis HLS writes of hls4ml's io_parallel designs: the same ports, handshake and folders.

The control is that of a function pipeline of interval II: a state for each stage, an enable for each iteration,
`ap_ready` in the last stage; the input is read in a stage of choice, the outputs are flagged one by one.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from codesign.graph import Graph
from tests.verify.vendor.vitis_layers import TIMESCALE, datapath

NEVER = "~(1'b1 == 1'b1)"


@dataclass(frozen=True)
class Style:
    """What differs between one vendor design and another.

    Attributes:
        interval: of the function pipeline.
        latency: cycles from a start to its answer.
        flagged: the input has `_ap_vld`, and a register to keep it in.
        read_stage: in which the input is read, where it is not kept; so long it must be held.
        suffix: of data ports: '' or '_V'.
        packed: the outputs are one port.
        sizes: `const_size_*` ports, as older hls4ml has them.
        early: by output, how many cycles before `ap_done` it is flagged.
        reset_low: `ap_rst_n`.
    """

    interval: int
    latency: int
    flagged: bool = True
    read_stage: int = 0
    suffix: str = ""
    packed: bool = False
    sizes: bool = False
    early: tuple[int, ...] = ()
    reset_low: bool = False


@dataclass(frozen=True)
class _Port:
    direction: str
    name: str
    width: int = 1
    reg: bool = False


def _ports(graph: Graph, style: Style) -> tuple[list[_Port], str, list[str]]:
    """All ports, the input's name, and the outputs' names."""
    (node,), (answer,) = graph.input_nodes, graph.output_nodes
    source = f"fc1_input{style.suffix}"
    stem = f"layer{len(graph.nodes) + 3}_out"
    outputs = [stem] if style.packed else [f"{stem}_{index}" for index in range(answer.size)]
    outputs = [f"{name}{style.suffix}" for name in outputs]
    width = answer.result.width * (answer.size if style.packed else 1)
    ports = [
        _Port("input", "ap_clk"),
        _Port("input", "ap_rst_n" if style.reset_low else "ap_rst"),
        _Port("input", "ap_start"),
        _Port("output", "ap_done", reg=True),
        _Port("output", "ap_idle", reg=True),
        _Port("output", "ap_ready", reg=True),
        *([_Port("input", f"{source}_ap_vld")] if style.flagged else []),
        _Port("input", source, node.size * node.result.width),
    ]
    for name in outputs:
        ports += [_Port("output", name, width), _Port("output", f"{name}_ap_vld", reg=True)]
    for name in ("const_size_in_1", "const_size_out_1") if style.sizes else ():
        ports += [_Port("output", name, 16), _Port("output", f"{name}_ap_vld")]
    return ports, source, outputs


def _stage(cycle: int, style: Style) -> tuple[int, int]:
    """Iteration and stage of a cycle after the start."""
    return divmod(cycle, style.interval)


def _enabled(cycle: int, style: Style) -> str:
    iteration, stage = _stage(cycle, style)
    state = f" & (1'b1 == ap_CS_fsm_pp0_stage{stage})" if style.interval > 1 else ""
    return f"((ap_enable_reg_pp0_iter{iteration} == 1'b1){state} & (1'b0 == ap_block_pp0_stage{stage}_subdone))"


def _fsm(style: Style, blocked: str) -> str:
    last = style.interval - 1
    iterations = _stage(style.latency, style)[0]
    text = f'(* fsm_encoding = "none" *) reg   [{last}:0] ap_CS_fsm;\nreg   [{last}:0] ap_NS_fsm;\n'
    for stage in range(style.interval):
        text += f"wire    ap_CS_fsm_pp0_stage{stage};\nassign ap_CS_fsm_pp0_stage{stage} = ap_CS_fsm[32'd{stage}];\n"
        text += f"wire    ap_block_pp0_stage{stage}_subdone;\n"
        text += f"assign ap_block_pp0_stage{stage}_subdone = {blocked if stage == 0 else NEVER};\n"
    text += "wire    ap_enable_reg_pp0_iter0;\nreg    ap_enable_reg_pp0_iter0_reg;\n"
    text += "".join(f"reg    ap_enable_reg_pp0_iter{number};\n" for number in range(1, iterations + 1))
    text += "\n// power-on initialization\ninitial begin\n"
    text += f"#0 ap_CS_fsm = {style.interval}'d1;\n#0 ap_enable_reg_pp0_iter0_reg = 1'b0;\n"
    text += "".join(f"#0 ap_enable_reg_pp0_iter{number} = 1'b0;\n" for number in range(1, iterations + 1)) + "end\n\n"
    text += "assign ap_enable_reg_pp0_iter0 = ap_CS_fsm_pp0_stage0 ? ap_start : ap_enable_reg_pp0_iter0_reg;\n"
    text += (
        "always @ (posedge ap_clk) begin\n    if (ap_rst == 1'b1) begin\n        ap_CS_fsm <= ap_ST_fsm_pp0_stage0;\n"
    )
    text += "    end else begin\n        ap_CS_fsm <= ap_NS_fsm;\n    end\nend\n"
    text += (
        "always @ (posedge ap_clk) begin\n    if (ap_rst == 1'b1) begin\n        ap_enable_reg_pp0_iter0_reg <= 1'b0;\n"
    )
    text += (
        "    end else if (ap_CS_fsm_pp0_stage0) begin\n        ap_enable_reg_pp0_iter0_reg <= ap_start;\n    end\nend\n"
    )
    moves = f"((1'b0 == ap_block_pp0_stage{last}_subdone) & (1'b1 == ap_CS_fsm_pp0_stage{last}))"
    for number in range(1, iterations + 1):
        before = f"ap_enable_reg_pp0_iter{number - 1}"
        text += "always @ (posedge ap_clk) begin\n    if (ap_rst == 1'b1) begin\n"
        text += f"        ap_enable_reg_pp0_iter{number} <= 1'b0;\n"
        text += f"    end else if {moves} begin\n        ap_enable_reg_pp0_iter{number} <= {before};\n    end\nend\n"
    idle = " & ".join(f"(ap_enable_reg_pp0_iter{number} == 1'b0)" for number in range(1, iterations + 1)) or "1'b1"
    text += f"wire    ap_idle_pp0_1toN;\nassign ap_idle_pp0_1toN = {idle};\n"
    text += "always @ (*) begin\n    case (ap_CS_fsm)\n"
    for stage in range(style.interval):
        here, following = f"ap_ST_fsm_pp0_stage{stage}", f"ap_ST_fsm_pp0_stage{(stage + 1) % style.interval}"
        rests = " & ~((ap_start == 1'b0) & (ap_idle_pp0_1toN == 1'b1))" if stage == 0 else ""
        moves = f"((1'b0 == ap_block_pp0_stage{stage}_subdone){rests})"
        text += f"        {here} : begin\n            ap_NS_fsm = {moves} ? {following} : {here};\n        end\n"
    text += "        default : begin\n            ap_NS_fsm = 'bx;\n        end\n    endcase\nend\n"
    text += f"always @ (*) begin\n    ap_ready = {_enabled(last, style)};\nend\n"
    text += f"always @ (*) begin\n    ap_done = {_enabled(style.latency, style)};\nend\n"
    return text + "always @ (*) begin\n    ap_idle = (ap_start == 1'b0) & (ap_idle_pp0_1toN == 1'b1);\nend\n"


def _input(source: str, width: int, style: Style) -> tuple[str, str, str]:
    """How the input is kept; the wire that holds it; what blocks the first stage."""
    if not style.flagged:
        return "", source, NEVER
    text = (
        f"reg   [{width - 1}:0] {source}_preg;\nreg    {source}_ap_vld_preg;\nwire   [{width - 1}:0] {source}_in_sig;\n"
    )
    text += f"wire    {source}_ap_vld_in_sig;\n"
    text += f"assign {source}_in_sig = {source}_ap_vld ? {source} : {source}_preg;\n"
    text += f"assign {source}_ap_vld_in_sig = {source}_ap_vld | {source}_ap_vld_preg;\n"
    text += f"always @ (posedge ap_clk) begin\n    if (ap_rst == 1'b1) begin\n        {source}_ap_vld_preg <= 1'b0;\n"
    text += f"        {source}_preg <= {width}'d0;\n    end else begin\n"
    text += f"        if (ap_ready) {source}_ap_vld_preg <= 1'b0;\n"
    text += f"        else if (~((ap_start == 1'b0) & (1'b1 == ap_CS_fsm_pp0_stage0)) & {source}_ap_vld)\n"
    text += f"            {source}_ap_vld_preg <= 1'b1;\n        if ({source}_ap_vld) {source}_preg <= {source};\n"
    text += "    end\nend\n"
    blocked = f"(({source}_ap_vld_in_sig == 1'b0) & (ap_enable_reg_pp0_iter0 == 1'b1))"
    return text, f"{source}_in_sig", blocked


def top_module(graph: Graph, top: str, style: Style) -> dict[str, str]:
    """All files of a design, by name."""
    ports, source, outputs = _ports(graph, style)
    (node,), (answer,) = graph.input_nodes, graph.output_nodes
    kept, wire, blocked = _input(source, node.size * node.result.width, style)
    layers, files, depth = datapath(graph, top, wire)
    width, bits = answer.size * answer.result.width, answer.result.width
    early = style.early or (0,) * len(outputs)
    waiting = style.latency - style.read_stage - depth
    assert waiting >= max(early), f"{style} leaves {waiting} cycles, after {depth} of arithmetic"
    text = f"// Stand-in for the output of a vendor's HLS tool.\n\n{TIMESCALE}\n"
    text += f'(* CORE_GENERATION_INFO="{top}_{top},hls_ip_2021_1,{{HLS_SYN_LAT={style.latency}}}" *)\n\n'
    text += f"module {top} (\n" + ",\n".join(f"        {port.name}" for port in ports) + "\n);\n\n"
    for stage in range(style.interval):
        text += f"parameter    ap_ST_fsm_pp0_stage{stage} = {style.interval}'d{1 << stage};\n"
    for port in ports:
        text += f"{port.direction}  {f' [{port.width - 1}:0]' if port.width > 1 else ''} {port.name};\n"
    text += "".join(f"reg {port.name};\n" for port in ports if port.reg) + "\n"
    if style.reset_low:
        text += "wire ap_rst;\nassign ap_rst = ~ap_rst_n;\n"
    text += _fsm(style, blocked) + kept + layers
    text += f"reg   [{width - 1}:0] delayed [0:{waiting}];\ninteger i;\n"
    text += f"always @ (*) delayed[0] = w_{answer.name};\nalways @ (posedge ap_clk) begin\n"
    text += f"    for (i = 1; i <= {waiting}; i = i + 1) delayed[i] <= delayed[i - 1];\nend\n" if waiting else "end\n"
    for index, (name, ahead) in enumerate(zip(outputs, early, strict=True)):
        low, high = (0, width - 1) if style.packed else (index * bits, (index + 1) * bits - 1)
        text += f"assign {name} = delayed[{waiting - ahead}][{high}:{low}];\n"
        text += f"always @ (*) begin\n    {name}_ap_vld = {_enabled(style.latency - ahead, style)};\nend\n"
    for name, value in (("const_size_in_1", node.size), ("const_size_out_1", answer.size)) if style.sizes else ():
        text += f"assign {name} = 16'd{value};\nassign {name}_ap_vld = ap_ready;\n"
    files[f"{top}.v"] = text + f"\nendmodule //{top}\n"
    return files


def report(top: str, latency: int, interval: int) -> str:
    return (
        "<profile>\n<ReportVersion>\n<Version>2021.1</Version>\n</ReportVersion>\n<UserAssignments>\n"
        f"<TopModelName>{top}</TopModelName>\n<TargetClockPeriod>5.00</TargetClockPeriod>\n</UserAssignments>\n"
        "<PerformanceEstimates>\n<PipelineType>yes</PipelineType>\n<SummaryOfOverallLatency>\n"
        f"<unit>clock cycles</unit>\n<Best-caseLatency>{latency}</Best-caseLatency>\n"
        f"<Average-caseLatency>{latency}</Average-caseLatency>\n<Worst-caseLatency>{latency}</Worst-caseLatency>\n"
        f"<Interval-min>{interval}</Interval-min>\n<Interval-max>{interval}</Interval-max>\n"
        "</SummaryOfOverallLatency>\n</PerformanceEstimates>\n</profile>\n"
    )


def write_project(folder: Path, graph: Graph, style: Style, top: str = "myproject") -> Path:
    """A project as hls4ml and Vitis HLS leave it: scripts, `<top>_prj/solution1/syn/{verilog,report}`.

    Returns:
        The folder of the Verilog.
    """
    solution = folder / f"{top}_prj" / "solution1" / "syn"
    (solution / "verilog").mkdir(parents=True)
    (solution / "report").mkdir()
    (folder / "project.tcl").write_text(f'variable project_name\nset project_name "{top}"\n')
    for name, text in top_module(graph, top, style).items():
        (solution / "verilog" / name).write_text(text)
    for name in (f"{top}_csynth.xml", "csynth.xml"):
        (solution / "report" / name).write_text(report(top, style.latency, style.interval))
    return solution / "verilog"
