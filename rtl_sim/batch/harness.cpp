// Carries out a plan on a design, clock cycle by clock cycle, and keeps what it saw. The order and the stimulus are read
// from files in the working folder, what was seen is written there; job.py says what is in them.
//
// In each cycle the pins are driven while the clock is low, settle, and are read before its rising edge.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "design.h"
#include "feed.h"
#include "monitors.h"
#include "streams.h"

namespace {

struct Segment {
    std::int64_t first, frames, abort, answers;
};

class Bench {
public:
    explicit Bench(const char* order) {
        std::size_t count = 0;
        const Wire* wires = design_wires(count);
        for (std::size_t index = 0; index < count; ++index) table()[wires[index].name] = &wires[index];
        clock_ = find("clk");
        reset_ = find("rst");
        start_ = find("ap_start");
        done_ = find("ap_done");
        read_order(order);
    }
    void run() {
        set(*clock_, false);  // it starts at random like everything else, and the first edge must be one
        design_eval();
        for (std::size_t number = 0; number < segments_.size(); ++number) {
            segment_now = static_cast<std::int32_t>(number);
            reset();
            starts_.push_back(static_cast<std::int64_t>(cycle_now));
            try {
                segment(segments_[number]);
            } catch (const Breach& breach) {
                violation_ = std::to_string(cycle_now) + " " + std::to_string(number) + "\n" + breach.stream + "\n" +
                             breach.text + "\n";
                finish_cycle();
                return;
            }
            if (enough()) return;
        }
    }
    void save(double seconds) const {
        for (const Feed& feed : feeds_)
            for (const Queue& queue : feed.queues) queue.flow.save(queue.stream.key);
        for (const auto* group : {&outputs_, &probes_})
            for (const auto& monitor : *group) monitor->flow.save(monitor->stream.key);
        std::ostringstream text;
        text << "cycles " << cycle_now << "\nseconds " << seconds << "\nstarts";
        for (std::int64_t start : starts_) text << " " << start;
        text << "\n";
        for (const auto* group : {&outputs_, &probes_})
            for (const auto& monitor : *group)
                if (!monitor->wanted.rows.empty())
                    text << "wrong " << monitor->stream.key << " " << monitor->wanted.wrong << " "
                         << monitor->wanted.first << " " << monitor->wanted.cycle << "\n";
        if (!violation_.empty()) text << "violation " << violation_;
        const std::string all = text.str();
        write_file("seen.part", all.data(), all.size());
        if (std::rename(in_folder("seen.part").c_str(), in_folder("seen.txt").c_str()) != 0) throw std::runtime_error("cannot write seen.txt");
    }

private:
    const Wire *clock_, *reset_, *start_, *done_;
    std::vector<Feed> feeds_;
    std::vector<std::unique_ptr<Monitor>> outputs_, probes_;
    std::vector<Segment> segments_;
    std::vector<std::int64_t> starts_;
    std::string violation_, last_ = "the reset";
    std::uint64_t seed_ = 0, patience_ = 1000, quiet_ = 64, reset_cycles_ = 3, contradict_ = 13, last_cycle_ = 0;
    std::uint64_t trace_from_ = 1, trace_to_ = 0, in_segment_ = 0;
    std::int64_t dones_ = 0, stop_after_ = 0;
    bool reset_low_ = false, misframed_ = false, after_valid_ = false;

    void read_order(const char* name) {
        std::ifstream in(in_folder(name));
        if (!in) throw std::runtime_error(std::string("cannot read ") + name);
        std::vector<Queue> queues;
        std::string line;
        while (std::getline(in, line)) {
            std::istringstream words(line);
            std::string what;
            words >> what;
            if (what == "seed") words >> seed_;
            else if (what == "patience") words >> patience_;
            else if (what == "quiet") words >> quiet_;
            else if (what == "reset_cycles") words >> reset_cycles_;
            else if (what == "reset_low") words >> reset_low_;
            else if (what == "contradict") words >> contradict_;
            else if (what == "stop_after") words >> stop_after_;
            else if (what == "misframed") words >> misframed_;
            else if (what == "after_valid") words >> after_valid_;
            else if (what == "trace") words >> trace_from_ >> trace_to_;
            else if (what == "segment") {
                Segment made{};
                words >> made.first >> made.frames >> made.abort >> made.answers;
                segments_.push_back(made);
            } else {
                std::string key, title;
                std::int64_t beats = 0;
                words >> key >> beats;
                std::getline(words >> std::ws, title);
                Stream stream(key, title, beats);
                if (what == "input") queues.emplace_back(std::move(stream));
                else if (what == "output" && start_) outputs_.push_back(std::make_unique<FlagMonitor>(std::move(stream), done_));
                else if (what == "output") outputs_.push_back(std::make_unique<StreamMonitor>(std::move(stream), true));
                else if (what == "probe") probes_.push_back(std::make_unique<StreamMonitor>(std::move(stream), false));
                else throw std::runtime_error("order: " + line);
            }
        }
        if (start_) {
            feeds_.emplace_back(std::move(queues), start_, find("ap_ready"), seed_);
        } else {
            for (Queue& queue : queues) {
                const Wire* ready = queue.stream.ready;
                std::vector<Queue> one;
                one.push_back(std::move(queue));
                feeds_.emplace_back(std::move(one), nullptr, ready, seed_ * 31 + feeds_.size());
            }
        }
        for (const auto& output : outputs_) {
            output->marked = misframed_;
            output->after_valid = after_valid_;
        }
        if (trace_from_ <= trace_to_) design_trace(in_folder("wave.vcd").c_str());
    }
    void dump(unsigned half) const {
        if (cycle_now >= trace_from_ && cycle_now <= trace_to_) design_dump(cycle_now * 10 + half);
    }
    // From the settled pins over the rising edge to the falling one.
    void finish_cycle() {
        dump(0);
        set(*clock_, true);
        design_eval();
        dump(5);
        set(*clock_, false);
        ++cycle_now;
    }
    void rest() {
        if (reset_) set(*reset_, !reset_low_);
        for (Feed& feed : feeds_) feed.rest();
        for (const auto* group : {&outputs_, &probes_})
            for (const auto& monitor : *group) monitor->rest();
    }
    void reset() {
        rest();
        for (std::uint64_t count = 0; count < reset_cycles_; ++count) {
            design_eval();
            finish_cycle();
        }
        if (reset_) set(*reset_, reset_low_);
        in_segment_ = 0;
        dones_ = 0;
        see("the reset");
    }
    void see(const std::string& what) {
        last_ = what;
        last_cycle_ = cycle_now;
    }
    void step() {
        for (Feed& feed : feeds_) feed.drive();
        for (const auto& output : outputs_) output->drive(in_segment_);
        design_eval();
        if (contradict_ && cycle_now % contradict_ == 0) {
            for (const auto& output : outputs_) output->contradict();
            design_eval();
            for (const auto& output : outputs_) output->insist();
            design_eval();
        }
        sample();
        finish_cycle();
        if (design_finished()) throw Breach{"", "the design ended the simulation by itself ($finish)"};
        ++in_segment_;
    }
    void sample() {
        for (Feed& feed : feeds_)
            if (feed.sample()) {
                last_stream_ = &feed.queues[0].stream;
                last_given_ = false;
                last_cycle_ = cycle_now;
            }
        for (const auto& probe : probes_) probe->sample();
        for (const auto& output : outputs_)
            if (output->sample()) {
                last_stream_ = &output->stream;
                last_given_ = true;
                last_cycle_ = cycle_now;
                if (!misframed_) check_asked(*output);
            }
        if (done_ && flag(*done_)) {
            ++dones_;
            const std::int64_t asked = feeds_[0].started() - outputs_[0]->first();
            if (dones_ > asked)
                throw Breach{"", std::string(done_->port) + " is high for the " + std::to_string(dones_) +
                                     "th time after " + std::to_string(asked) + " starts"};
        }
    }
    const Stream* last_stream_ = nullptr;
    bool last_given_ = false;

    // No answer may come before a beat of its question: it would be left over from before a reset, or made up.
    void check_asked(const Monitor& output) const {
        std::int64_t asked = 0;
        for (const Feed& feed : feeds_) asked = std::max(asked, feed.started());
        const std::int64_t frame = output.first() + (output.count() + output.stream.beats - 1) / output.stream.beats;
        if (frame > asked)
            throw Breach{output.stream.name, "gave a beat of frame " + std::to_string(frame - 1) +
                                                 ", of which nothing was taken in since the reset"};
    }
    void check_patience() const {
        if (cycle_now - last_cycle_ <= patience_) return;
        std::string text = "no handshake for " + std::to_string(patience_) + " cycles; the last was ";
        if (last_stream_)
            text += std::string("a beat ") + (last_given_ ? "given at " : "taken in at ") + last_stream_->name;
        else text += last_;
        text += " in cycle " + std::to_string(last_cycle_);
        for (const Feed& feed : feeds_) text += "; " + feed.describe();
        for (const auto& output : outputs_) text += "; " + output->describe();
        std::int64_t latest = -1;
        const Monitor* inside = nullptr;
        for (const auto& probe : probes_) {
            if (static_cast<const StreamMonitor&>(*probe).blocked()) text += "; inside, " + probe->describe();
            if (!probe->flow.cycles.empty() && probe->flow.cycles.back() > latest) {
                latest = probe->flow.cycles.back();
                inside = probe.get();
            }
        }
        if (inside) text += "; the last beat inside left " + inside->stream.name + " in cycle " + std::to_string(latest);
        throw Breach{"", text};
    }
    bool answered(const Segment& segment) const {
        for (const auto& output : outputs_)
            if (output->count() < segment.answers * output->stream.beats) return false;
        for (const Feed& feed : feeds_)
            if (!feed.done()) return false;
        return true;
    }
    bool enough() const {
        if (!stop_after_) return false;
        std::int64_t wrong = 0;
        for (const auto* group : {&outputs_, &probes_})
            for (const auto& monitor : *group) wrong += monitor->wanted.wrong;
        return wrong >= stop_after_;
    }
    void segment(const Segment& segment) {
        for (Feed& feed : feeds_) feed.begin(segment.first, segment.frames);
        for (const auto* group : {&outputs_, &probes_})
            for (const auto& monitor : *group) monitor->begin(segment.first);
        if (segment.abort >= 0) {
            while (in_segment_ < static_cast<std::uint64_t>(segment.abort)) step();
            return;
        }
        while (!answered(segment)) {
            step();
            if (enough()) return;
            check_patience();
        }
        for (std::uint64_t count = 0; count < quiet_; ++count) step();
        if (done_ && dones_ != segment.answers)
            throw Breach{"", std::string(done_->port) + " was high " + std::to_string(dones_) + " times for " +
                                 std::to_string(segment.answers) + " frames"};
    }
};

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc < 2) throw std::runtime_error("give the folder of the order");
        folder() = argv[1];
        design_open(argc, argv);
        Bench bench("order.txt");
        const auto began = std::chrono::steady_clock::now();
        bench.run();
        bench.save(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
        design_close();
    } catch (const std::exception& error) {
        std::fprintf(stderr, "harness: %s\n", error.what());
        return 1;
    } catch (const Breach& breach) {
        std::fprintf(stderr, "harness: %s\n", breach.text.c_str());
        return 1;
    }
    return 0;
}
