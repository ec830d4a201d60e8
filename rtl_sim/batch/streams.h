// Wires of the design by name, the streams that they make up, and what passed them.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "design.h"


using Bytes = std::vector<std::uint8_t>;

struct Breach {
    std::string stream, text;
};

inline std::uint64_t cycle_now = 0;
inline std::int32_t segment_now = 0;

inline std::map<std::string, const Wire*>& table() {
    static std::map<std::string, const Wire*> found;
    return found;
}

inline const Wire* find(const std::string& name) {
    const auto place = table().find(name);
    return place == table().end() ? nullptr : place->second;
}

inline std::size_t size_of(const Wire& wire) { return (wire.bits + 7) / 8; }
inline bool flag(const Wire& wire) { return *static_cast<const std::uint8_t*>(wire.at) & 1; }
inline void set(const Wire& wire, bool value) { *static_cast<std::uint8_t*>(wire.at) = value; }
inline const std::uint8_t* bytes(const Wire& wire) { return static_cast<const std::uint8_t*>(wire.at); }
inline void put(const Wire& wire, const std::uint8_t* row) { std::memcpy(wire.at, row, size_of(wire)); }

// Of the files of this run.
inline std::string& folder() {
    static std::string found = ".";
    return found;
}
inline std::string in_folder(const std::string& name) { return folder() + "/" + name; }

// Little-endian bytes as a number.
inline std::string hex(const std::uint8_t* from, std::size_t size) {
    static const char digits[] = "0123456789abcdef";
    std::string found;
    for (std::size_t place = size; place-- > 0;) {
        found += digits[from[place] >> 4];
        found += digits[from[place] & 15];
    }
    const std::size_t first = found.find_first_not_of('0');
    return "0x" + (first == std::string::npos ? std::string("0") : found.substr(first));
}

class Noise {
public:
    explicit Noise(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567ull) {}
    std::uint64_t next() {
        state_ ^= state_ << 13;
        state_ ^= state_ >> 7;
        state_ ^= state_ << 17;
        return state_;
    }
    void fill(const Wire& wire) {
        auto* to = static_cast<std::uint8_t*>(wire.at);
        const std::size_t size = size_of(wire);
        for (std::size_t done = 0; done < size; done += 8) {
            const std::uint64_t word = next();
            std::memcpy(to + done, &word, size - done < 8 ? size - done : 8);
        }
        if (wire.bits % 8) to[size - 1] &= (1u << (wire.bits % 8)) - 1;
    }

private:
    std::uint64_t state_;
};

inline Bytes read_file(const std::string& file) {
    const std::string name = in_folder(file);
    std::ifstream in(name, std::ios::binary | std::ios::ate);
    if (!in) throw std::runtime_error("cannot read " + name);
    Bytes found(static_cast<std::size_t>(in.tellg()));
    in.seekg(0);
    in.read(reinterpret_cast<char*>(found.data()), static_cast<std::streamsize>(found.size()));
    if (!in) throw std::runtime_error("cannot read " + name);
    return found;
}

inline bool exists(const std::string& name) { return static_cast<bool>(std::ifstream(in_folder(name))); }

inline void write_file(const std::string& file, const void* data, std::size_t size) {
    const std::string name = in_folder(file);
    std::FILE* out = std::fopen(name.c_str(), "wb");
    const bool good = out && std::fwrite(data, 1, size, out) == size;
    if (!out || std::fclose(out) != 0 || !good) throw std::runtime_error("cannot write " + name);
}

// The beats that passed a stream.
struct Flow {
    std::vector<std::int64_t> cycles;
    std::vector<std::int32_t> segments;
    std::vector<Bytes> words;  // by data signal

    void stamp(std::uint64_t cycle) {
        cycles.push_back(static_cast<std::int64_t>(cycle));
        segments.push_back(segment_now);
    }
    void save(const std::string& key) const {
        write_file(key + ".cycle", cycles.data(), cycles.size() * sizeof(cycles[0]));
        write_file(key + ".segment", segments.data(), segments.size() * sizeof(segments[0]));
        for (std::size_t signal = 0; signal < words.size(); ++signal)
            write_file(key + "_d" + std::to_string(signal) + ".seen", words[signal].data(), words[signal].size());
    }
};

struct Stream {
    std::string key, name;  // key: such as i0
    std::int64_t beats;
    std::vector<const Wire*> data;
    const Wire *valid, *ready, *last, *keep, *user;

    Stream(std::string key_, std::string name_, std::int64_t beats_)
        : key(std::move(key_)), name(std::move(name_)), beats(beats_) {
        while (const Wire* wire = find(key + "_d" + std::to_string(data.size()))) data.push_back(wire);
        if (data.empty()) throw std::runtime_error("no data of " + key);
        valid = find(key + "_valid");
        ready = find(key + "_ready");
        last = find(key + "_last");
        keep = find(key + "_keep");
        user = find(key + "_user");
    }
    std::string place(std::int64_t position) const {
        return "beat " + std::to_string(position % beats) + " of frame " + std::to_string(position / beats);
    }
};
