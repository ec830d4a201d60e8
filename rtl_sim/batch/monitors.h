// Watching a design: what passes a stream under valid and ready, or leaves under a valid flag of its own.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "streams.h"

// Compares answers with the words that are wanted, and counts the frames that differ.
struct Wanted {
    std::vector<Bytes> rows;
    std::int64_t wrong = 0, first = -1, last = -1;
    std::uint64_t cycle = 0;

    void load(const Stream& stream) {
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal) {
            const std::string name = stream.key + "_d" + std::to_string(signal) + ".want";
            if (!exists(name)) return;
            rows.push_back(read_file(name));
        }
    }
    void compare(std::size_t signal, std::int64_t beat, const std::uint8_t* row, std::size_t size, std::int64_t frame) {
        const std::size_t place = static_cast<std::size_t>(beat) * size;
        if (place + size > rows[signal].size() || !std::memcmp(rows[signal].data() + place, row, size)) return;
        if (frame != last) ++wrong;
        last = frame;
        if (first < 0) {
            first = frame;
            cycle = cycle_now;
        }
    }
};

class Monitor {
public:
    Stream stream;
    Flow flow;
    Wanted wanted;
    bool after_valid = false;  // ready is high only in a cycle after one in which a beat waited
    bool marked = false;  // answers may be marked: frames are fed whose TLAST is wrong

    explicit Monitor(Stream stream_) : stream(std::move(stream_)) {
        flow.words.resize(stream.data.size());
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal)
            masks_.push_back(read_file(stream.key + "_d" + std::to_string(signal) + ".mask"));
        wanted.load(stream);
    }
    virtual ~Monitor() = default;
    void begin(std::int64_t first) { first_ = first; }
    virtual void rest() = 0;
    virtual void drive(std::uint64_t) {}
    virtual void contradict() {}
    virtual void insist() {}
    virtual bool sample() = 0;
    virtual std::string describe() const = 0;
    std::int64_t count() const { return count_; }
    std::int64_t first() const { return first_; }

protected:
    std::vector<Bytes> masks_;  // by data signal: of a full beat, and of a frame's last one
    std::int64_t count_ = 0, first_ = 0;

    void read(std::size_t signal, std::int64_t beat, std::uint8_t* row) const {
        const Wire& wire = *stream.data[signal];
        const std::size_t size = size_of(wire);
        const bool end = beat % stream.beats == stream.beats - 1;
        const std::uint8_t* mask = masks_[signal].data() + (end ? size : 0);
        const std::uint8_t* from = bytes(wire);
        for (std::size_t place = 0; place < size; ++place) row[place] = from[place] & mask[place];
    }
    void keep(std::size_t signal, std::int64_t beat) {
        Bytes& column = flow.words[signal];
        const std::size_t size = size_of(*stream.data[signal]), at = column.size();
        column.resize(at + size);
        read(signal, beat, column.data() + at);
        if (!wanted.rows.empty())
            wanted.compare(signal, first_ * stream.beats + beat, column.data() + at, size, first_ + beat / stream.beats);
    }
};

// Beats under valid and, where something can hold them back, ready.
class StreamMonitor : public Monitor {
public:
    StreamMonitor(Stream stream_, bool drives) : Monitor(std::move(stream_)), drives_(drives && stream.ready) {
        if (!stream.valid) throw std::runtime_error("no valid of " + stream.key);
        if (drives_) pattern_ = read_file(stream.key + "_ready.bin");
        if (stream.keep) keeps_ = read_file(stream.key + "_keep.bin");
        std::size_t size = 1 + (stream.keep ? size_of(*stream.keep) : 0);
        for (const Wire* wire : stream.data) size += size_of(*wire);
        held_.resize(size);
        beat_.resize(size);
    }
    void rest() override {
        count_ = 0;
        waiting_ = false;
        if (drives_) set(*stream.ready, false);
    }
    void drive(std::uint64_t in_segment) override {
        if (!drives_) return;
        want_ = after_valid ? waiting_ : pattern_.empty() || pattern_[in_segment % pattern_.size()];
        set(*stream.ready, want_);
    }
    void contradict() override {
        if (!drives_) return;
        before_ = flag(*stream.valid);
        set(*stream.ready, !want_);
    }
    void insist() override {
        if (!drives_) return;
        const bool after = flag(*stream.valid);
        set(*stream.ready, want_);
        if (after != before_)
            throw Breach{stream.name, std::string(stream.valid->port) + " depends on " + stream.ready->port +
                                          " in the same cycle"};
    }
    bool sample() override {
        if (!flag(*stream.valid)) {
            if (waiting_) throw Breach{stream.name, std::string(stream.valid->port) + " fell before the beat was taken"};
            return false;
        }
        const bool ready = !stream.ready || flag(*stream.ready);
        if (waiting_ || !ready) {
            gather();
            if (waiting_ && beat_ != held_) {
                std::string signals;
                for (const Wire* wire : stream.data) signals += (signals.empty() ? "" : " or ") + std::string(wire->port);
                throw Breach{stream.name, signals + " changed while the beat waited"};
            }
        }
        if (stream.last || stream.keep || stream.user) check_marks();
        if (!ready) {
            waiting_ = true;
            held_ = beat_;
            return false;
        }
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal) keep(signal, count_);
        flow.stamp(cycle_now);
        ++count_;
        waiting_ = false;
        return true;
    }
    bool blocked() const { return flag(*stream.valid) && stream.ready && !flag(*stream.ready); }
    std::string describe() const override {
        std::string text = stream.name + ": waiting for " + stream.place(count_) + " since the reset, " +
                           stream.valid->port + (flag(*stream.valid) ? " high" : " low");
        if (stream.ready) text += std::string(", ") + stream.ready->port + (flag(*stream.ready) ? " high" : " low");
        return text;
    }

private:
    bool drives_, want_ = true, before_ = false, waiting_ = false;
    Bytes pattern_, keeps_, held_, beat_;

    void gather() {
        std::size_t at = 0;
        beat_[at++] = (stream.last && flag(*stream.last) ? 1 : 0) | (stream.user && flag(*stream.user) ? 2 : 0);
        if (stream.keep) {
            std::memcpy(beat_.data() + at, bytes(*stream.keep), size_of(*stream.keep));
            at += size_of(*stream.keep);
        }
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal) {
            read(signal, count_, beat_.data() + at);
            at += size_of(*stream.data[signal]);
        }
    }
    void check_marks() const {
        const std::int64_t beat = count_ % stream.beats;
        const bool end = beat == stream.beats - 1;
        if (stream.last && flag(*stream.last) != end)
            throw Breach{stream.name, std::string(stream.last->port) + " is " + (end ? "low" : "high") + " in beat " +
                                          std::to_string(beat) + " of " + std::to_string(stream.beats) + " (frame " +
                                          std::to_string(count_ / stream.beats) + " since the last reset)"};
        if (stream.user && flag(*stream.user) && !marked)
            throw Breach{stream.name, std::string(stream.user->port) + " is high in beat " + std::to_string(beat) +
                                          " of a frame without a fault"};
        if (!stream.keep) return;
        const std::size_t size = size_of(*stream.keep);
        const std::uint8_t* wanted_keep = keeps_.data() + (end ? size : 0);
        if (std::memcmp(bytes(*stream.keep), wanted_keep, size) != 0)
            throw Breach{stream.name, std::string(stream.keep->port) + " is " + hex(bytes(*stream.keep), size) +
                                          " in beat " + std::to_string(beat) + ", expected " + hex(wanted_keep, size)};
    }
};

// Data that nothing holds back, each signal under a flag of its own.
class FlagMonitor : public Monitor {
public:
    FlagMonitor(Stream stream_, const Wire* done) : Monitor(std::move(stream_)), came_(stream.data.size(), false) {
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal) {
            const Wire* own = find(stream.key + "_valid" + std::to_string(signal));
            flags_.push_back(own ? own : done);
        }
    }
    void rest() override {
        for (std::size_t signal = 0; signal < came_.size(); ++signal)
            flow.words[signal].resize(flow.cycles.size() * size_of(*stream.data[signal]));
        came_.assign(came_.size(), false);
        count_ = 0;
    }
    bool sample() override {
        bool some = false, all = true;
        for (std::size_t signal = 0; signal < came_.size(); ++signal) {
            if (flag(*flags_[signal])) {
                if (came_[signal])
                    throw Breach{stream.name, std::string(flags_[signal]->port) +
                                                  " is high again before every other output of the frame was valid"};
                keep(signal, count_);
                some = true;
                came_[signal] = true;
            }
            all = all && came_[signal];
        }
        if (some && all) {
            flow.stamp(cycle_now);
            ++count_;
            came_.assign(came_.size(), false);
        }
        return some;
    }
    std::string describe() const override {
        std::size_t lacking = 0;
        const char* first = "";
        for (std::size_t signal = 0; signal < came_.size(); ++signal)
            if (!came_[signal] && lacking++ == 0) first = flags_[signal]->port;
        return stream.name + ": waiting for " + first +
               (lacking > 1 ? " and " + std::to_string(lacking - 1) + " more" : std::string()) + ", frame " +
               std::to_string(count_) + " since the reset";
    }

private:
    std::vector<const Wire*> flags_;
    std::vector<char> came_;
};
