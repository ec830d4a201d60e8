"""Finding what a design is made of, in folders as strangers leave them."""

from __future__ import annotations

import os

import pytest

from codesign.errors import RtlError
from codesign.verify.vendor.design import Where, find_design
from codesign.verify.vendor.project import find_claims, find_project
from codesign.verify.vendor.report import read_report
from codesign.verify.vendor.roms import find_roms
from codesign.verify.vendor.sources import find_sources
from tests.verify.vendor.designs import HLS, relu_graph, write
from tests.verify.vendor.vitis import report

LEAF = "module leaf(input a, output b); assign b = a; endmodule"
TOP = '`include "sizes.vh"\nmodule top(input a, output b); leaf u(.a(a), .b(b)); endmodule'


def test_only_what_the_top_needs(tmp_path):
    write(tmp_path, top=TOP, leaf=LEAF, tb="module tb; top t(); initial #5 $finish; endmodule", sizes_dot_vh="// none")
    found = find_sources(tmp_path, "top")
    assert [source.path.name for source in found.files] == ["top.v", "leaf.v"]
    assert [str(header.path) for header in found.headers] == ["sizes.vh"]


def test_a_module_of_which_there_are_two(tmp_path):
    write(tmp_path / "a", top=LEAF.replace("leaf", "top"))
    write(tmp_path / "b", top=LEAF.replace("leaf", "top"))
    with pytest.raises(RtlError, match=r"module 'top' is defined in .*a/top.v, .*b/top.v; give the folder of one"):
        find_sources(tmp_path, "top")
    write(tmp_path / "a", leaf=LEAF, top=TOP.replace('`include "sizes.vh"', ""))
    write(tmp_path / "b", leaf=LEAF)
    assert {source.path.parent.name for source in find_sources(tmp_path / "a", "top").files} == {"a"}


def test_links_and_odd_names(tmp_path):
    folder = write(tmp_path / "r;t $(l)`", top=TOP.replace('`include "sizes.vh"', ""))
    (folder / 'le\'af "x".v').write_text(LEAF)
    (folder / "loop").symlink_to(folder)
    assert len(find_sources(folder, "top").files) == 2
    (tmp_path / "elsewhere.v").write_text("module other(input a); endmodule")
    (folder / "link.v").symlink_to(tmp_path / "elsewhere.v")
    assert len(find_sources(folder, "top").files) == 2
    (folder / "broken.v").symlink_to(tmp_path / "nothing.v")
    with pytest.raises(RtlError, match=r"broken.v cannot be read \(No such file"):
        find_sources(folder, "top")
    (folder / "broken.v").unlink()
    os.mkfifo(folder / "pipe.v")
    with pytest.raises(RtlError, match=r"pipe.v is not a plain file"):
        find_sources(folder, "top")


def test_a_text_that_is_no_utf8(tmp_path):
    folder = write(tmp_path, leaf=LEAF)
    (folder / "top.v").write_bytes(
        b"// \xff\xfe made by a tool\nmodule top(input a, output b); leaf u(a, b); endmodule\n"
    )
    assert len(find_sources(folder, "top").files) == 2


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (
            {"top_dot_vhd": "entity top is end;", "b_dot_vhdl": ""},
            r"holds VHDL only \(b.vhdl and 1 more\); .* as Verilog",
        ),
        ({"notes_dot_txt": "hello"}, r"holds no Verilog \(.v or .sv\) files"),
        ({"leaf": LEAF}, r"defines no module 'top'; modules that nothing else uses: leaf; give --top"),
        ({"top": TOP}, r"top.v includes 'sizes.vh', which .* does not hold"),
    ],
)
def test_folders_that_lack_something(tmp_path, files, message):
    with pytest.raises(RtlError, match=message):
        find_sources(write(tmp_path / "f", **files), "top")


def test_no_folder(tmp_path):
    with pytest.raises(RtlError, match="nowhere is not a folder"):
        find_sources(tmp_path / "nowhere", "top")
    (tmp_path / "file").write_text("")
    with pytest.raises(RtlError, match="file is not a folder"):
        find_sources(tmp_path / "file", "top")


def test_too_much_text(tmp_path, monkeypatch):
    write(tmp_path, **{f"m{number}": LEAF for number in range(3)})
    monkeypatch.setattr("codesign.verify.vendor.sources._MOST_BYTES", 2 * len(LEAF))
    with pytest.raises(RtlError, match="holds more than 0 MiB of Verilog; give the folder of one design"):
        find_sources(tmp_path, "leaf")
    monkeypatch.setattr("codesign.verify.vendor.sources._MOST_BYTES", len(LEAF) - 1)
    with pytest.raises(RtlError, match=r"m0\.v is larger than 0 MiB"):
        find_sources(tmp_path, "leaf")


def test_too_many_files(tmp_path, monkeypatch):
    write(tmp_path, **{f"m{number}": LEAF for number in range(6)})
    monkeypatch.setattr("codesign.verify.vendor.sources._MOST_FILES", 5)
    with pytest.raises(RtlError, match="holds more than 5 files; give the folder of the RTL alone"):
        find_sources(tmp_path, "leaf")


def test_memory_files(tmp_path):
    folder = write(tmp_path / "rtl", top=HLS)
    with pytest.raises(RtlError, match=r"top.v reads the memory file './mode.dat', which is missing; copy it into"):
        find_roms(find_sources(folder, "top"))
    write(tmp_path / "sim", mode_dot_dat="1")
    assert find_roms(find_sources(folder, "top"), [tmp_path])[0].path == tmp_path / "sim" / "mode.dat"
    write(folder, mode_dot_dat="0")
    (rom,) = find_roms(find_sources(folder, "top"), [tmp_path])
    assert (str(rom.name), rom.path) == ("mode.dat", folder / "mode.dat")
    write(
        folder,
        top=HLS.replace('"./mode.dat"', "INIT").replace(
            "reg [3:0] mode", 'parameter INIT = "mode.dat"; reg [3:0] mode'
        ),
    )
    assert [str(rom.name) for rom in find_roms(find_sources(folder, "top"))] == ["mode.dat"]
    write(folder, top=HLS.replace("$readmemh", "// $readmemh"))
    assert find_roms(find_sources(folder, "top")) == ()
    for name in ("../mode.dat", "/etc/passwd"):
        write(folder, top=HLS.replace("./mode.dat", name))
        with pytest.raises(RtlError, match="leads out of the simulator's folder"):
            find_roms(find_sources(folder, "top"))


@pytest.mark.parametrize(
    "place", ["my_prj/solution1/syn", "my_prj/solution1/impl", "my_prj/hls/syn", "solution3/impl/ip/hdl"]
)
def test_project_layouts(tmp_path, place):
    write(tmp_path / place / "verilog", my=TOP.replace("module top", "module my"), leaf=LEAF)
    found = find_project(tmp_path)
    assert (found.rtl, found.top, found.claims) == (tmp_path / place / "verilog", "my", None)
    assert find_project(tmp_path / place / "verilog").top == "my"


def test_the_report_of_a_project(tmp_path):
    syn = tmp_path / "p_prj" / "solution1" / "syn"
    write(syn / "verilog", top=HLS)
    write(tmp_path / "p_prj" / "solution1" / "impl" / "verilog", top=HLS)
    write(syn / "report", top_csynth_dot_xml=report("top", 22, 3), csynth_dot_xml=report("top", 0, 0))
    found = find_project(tmp_path)
    assert found.rtl == syn / "verilog"
    assert found.claims is not None
    assert (found.claims.latency, found.claims.interval, found.claims.exact) == ((22, 22), (3, 3), True)
    (syn / "report" / "top_csynth.xml").write_text(report("top", 22, 3).replace("Type>yes", "Type>dataflow"))
    claims = find_claims(syn / "verilog", "top")
    assert claims is not None
    assert not claims.exact


def test_a_design_is_found_by_whatever_is_given(tmp_path):
    syn = tmp_path / "net_prj" / "solution1" / "syn"
    write(syn / "verilog", net=HLS.replace("module top", "module net"), mode_dot_dat="0")
    write(syn / "report", net_csynth_dot_xml=report("net", 7, 2))
    for where in (
        Where(project=tmp_path),
        Where(project=tmp_path / "net_prj"),
        Where(rtl=tmp_path),
        Where(rtl=syn / "verilog"),
        Where(rtl=syn / "verilog", top="net"),
        Where(rtl=syn / "verilog", project=tmp_path),
    ):
        found = find_design(where, relu_graph())
        assert (found.top, found.sources.top_file.path, len(found.roms)) == ("net", syn / "verilog" / "net.v", 1)
        assert found.claims is not None
        assert found.claims.latency == (7, 7)
    with pytest.raises(
        RtlError, match="no RTL is named; give its folder with --rtl, or the HLS project with --project"
    ):
        find_design(Where(), relu_graph())
    write(tmp_path / "plain", top=HLS, mode_dot_dat="0")
    assert find_design(Where(rtl=tmp_path / "plain"), relu_graph()).top == "top"


def test_several_projects_and_none(tmp_path):
    with pytest.raises(RtlError, match="holds no synthesised Verilog"):
        find_project(tmp_path)
    for name in ("a", "b"):
        write(tmp_path / name / "syn" / "verilog", top=HLS)
    with pytest.raises(RtlError, match=r"holds several designs \(.*a/syn/verilog, .*b/syn/verilog\)"):
        find_project(tmp_path)
    write(tmp_path / "v" / "syn" / "vhdl", top_dot_vhd="entity top is end;")
    with pytest.raises(RtlError, match=r"holds VHDL only; export the design as Verilog \(export_design -rtl verilog\)"):
        find_project(tmp_path / "v")
    write(tmp_path / "two" / "syn" / "verilog", one=LEAF.replace("leaf", "one"), two=LEAF.replace("leaf", "two"))
    with pytest.raises(
        RtlError, match=r"which module is the top is not plain \(candidates: one, two\); give --top NAME"
    ):
        find_project(tmp_path / "two")


BOMB = '<?xml version="1.0"?><!DOCTYPE profile [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><profile>&b;</profile>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "it has a document type"),
        ("<profile>", "cannot be read as a synthesis report"),
        ("<html/>", "its root is 'html', not 'profile'"),
        ("", "no element found"),
    ],
)
def test_reports_that_cannot_be_read(tmp_path, text, message):
    (tmp_path / "r.xml").write_text(text)
    with pytest.raises(RtlError, match=message):
        read_report(tmp_path / "r.xml")


def test_a_report_that_says_little(tmp_path):
    (tmp_path / "r.xml").write_text(report("top", 1, 1).replace(">1<", ">undef<"))
    claims = read_report(tmp_path / "r.xml")
    assert (claims.latency, claims.interval, claims.top) == (None, None, "top")
