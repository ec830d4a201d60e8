// Feeding a design: beats that wait for their turn, are offered, and held until they are taken.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "streams.h"

// An input's beats that wait for their turn.
struct Queue {
    Stream stream;
    std::vector<Bytes> rows;
    Bytes gaps, last, keep;
    Flow flow;

    explicit Queue(Stream stream_) : stream(std::move(stream_)) {
        for (std::size_t signal = 0; signal < stream.data.size(); ++signal)
            rows.push_back(read_file(stream.key + "_d" + std::to_string(signal) + ".bin"));
        gaps = read_file(stream.key + "_gaps.bin");
        if (stream.last) last = read_file(stream.key + "_last.bin");
        if (stream.keep) keep = read_file(stream.key + "_keep.bin");
    }
    std::int32_t gap(std::int64_t position) const {
        std::int32_t found;
        std::memcpy(&found, gaps.data() + position * 4, 4);
        return found;
    }
    const std::uint8_t* keep_of(std::int64_t position) const {
        const bool end = position % stream.beats == stream.beats - 1;
        return keep.data() + (end ? size_of(*stream.keep) : 0);
    }
    void idle(Noise& noise) const {
        for (const Wire* wire : stream.data) noise.fill(*wire);
        if (stream.last) set(*stream.last, noise.next() & 1);
        if (stream.keep) put(*stream.keep, keep.data());
    }
    void offer(std::int64_t position) const {
        for (std::size_t signal = 0; signal < rows.size(); ++signal) {
            const Wire& wire = *stream.data[signal];
            put(wire, rows[signal].data() + static_cast<std::size_t>(position) * size_of(wire));
        }
        if (stream.last) set(*stream.last, last[static_cast<std::size_t>(position)]);
        if (stream.keep) put(*stream.keep, keep_of(position));
    }
};

// Offers beats of one input, or of all inputs of a design that is started, and holds them until they are taken.
class Feed {
public:
    std::vector<Queue> queues;

    Feed(std::vector<Queue> queues_, const Wire* start, const Wire* ready, std::uint64_t seed)
        : queues(std::move(queues_)), start_(start), ready_(ready), noise_(seed) {
        if (start) valids_.push_back(start);
        for (const Queue& queue : queues)
            if (queue.stream.valid) valids_.push_back(queue.stream.valid);
    }
    void begin(std::int64_t first, std::int64_t frames) {
        position_ = first * beats();
        limit_ = (first + frames) * beats();
    }
    void rest() {
        offered_ = false;
        waited_ = 0;
        idle();
    }
    void drive() {
        if (offered_) return;
        if (done() || waited_ < queues[0].gap(position_)) {
            ++waited_;
            idle();
            return;
        }
        offered_ = new_ = true;
        for (const Queue& queue : queues) queue.offer(position_);
        for (const Wire* wire : valids_) set(*wire, true);
    }
    bool sample() {
        if (offered_ && new_ && start_) stamp();
        new_ = false;
        if (!offered_ || (ready_ && !flag(*ready_))) return false;
        if (!start_) stamp();
        ++position_;
        offered_ = false;
        waited_ = 0;
        return true;
    }
    bool done() const { return position_ >= limit_; }
    // Number of the first frame of which nothing was taken yet.
    std::int64_t started() const { return (position_ + beats() - 1) / beats() + (start_ && offered_ ? 1 : 0); }
    std::string describe() const {
        const Stream& stream = queues[0].stream;
        const std::string whose = start_ ? start_->port : stream.name;
        if (done()) return whose + ": every beat was taken";
        if (!offered_) return whose + ": pausing before " + stream.place(position_);
        return whose + ": " + stream.place(position_) + " is offered" +
               (ready_ ? std::string(", and ") + ready_->port + " is low" : std::string());
    }

private:
    const Wire *start_, *ready_;
    std::vector<const Wire*> valids_;
    Noise noise_;
    std::int64_t position_ = 0, limit_ = 0, waited_ = 0;
    bool offered_ = false, new_ = false;

    std::int64_t beats() const { return queues[0].stream.beats; }
    void idle() {
        for (const Wire* wire : valids_) set(*wire, false);
        for (const Queue& queue : queues) queue.idle(noise_);
    }
    void stamp() {
        for (Queue& queue : queues) queue.flow.stamp(cycle_now);
    }
};
