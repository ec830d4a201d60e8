// What the harness knows of a design: its wires by name, and how time passes. `design.cpp` is written for each design.
#pragma once

#include <cstddef>
#include <cstdint>

struct Wire {
    const char* name;  // in the wrapper
    const char* port;  // in the design under test, for messages
    void* at;          // little-endian bytes
    unsigned bits;
};

const Wire* design_wires(std::size_t& count);
void design_open(int argc, char** argv);
void design_eval();
bool design_finished();
void design_trace(const char* file);
void design_dump(std::uint64_t nanoseconds);
void design_close();
