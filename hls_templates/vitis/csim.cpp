// Runs the top function of this hls4ml project on raw integers, sample by sample.
//
//   csim SAMPLES TRACE INPUTS RESULTS       (in the folder `firmware`, where the weights are found)
//
// INPUTS and RESULTS are files of little-endian 64-bit words; TRACE is 1 to add every layer's numbers as doubles.
// The layout is that of csim.json, and is told in codesign's docs/hls.md.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "firmware/${project}.cpp"
${memories}
namespace nnet {
bool trace_enabled = false;
std::map<std::string, void *> *trace_outputs = NULL;
size_t trace_type_size = sizeof(double);
} // namespace nnet

namespace codesign_csim {

std::FILE *inputs = NULL;
std::FILE *results = NULL;

void stop(const char *message) {
    std::fprintf(stderr, "ERROR: %s\n", message);
    std::exit(3);
}

void get_words(std::uint64_t *words, size_t count) {
    if (std::fread(words, sizeof(std::uint64_t), count, inputs) != count)
        stop("the file of inputs ends early");
}

void put_words(const void *words, size_t count) {
    if (std::fwrite(words, sizeof(std::uint64_t), count, results) != count)
        stop("the results cannot be written: is the disk full?");
}

template <class T> struct Words {
    static const int count = (T::width + 63) / 64;
    static int low(int word) { return 64 * word; }
    static int high(int word) { return word + 1 < count ? 64 * word + 63 : T::width - 1; }
};

template <class T> void get(T &value) {
    std::uint64_t words[Words<T>::count];
    get_words(words, Words<T>::count);
    ap_uint<T::width> bits = 0;
    for (int word = 0; word < Words<T>::count; word++)
        bits.range(Words<T>::high(word), Words<T>::low(word)) = (ap_ulong)words[word];
    value.range() = bits;
}

template <class T> void put(const T &value) {
    std::uint64_t words[Words<T>::count];
    T copy = value;
    ap_uint<T::width> bits = copy.range();
    for (int word = 0; word < Words<T>::count; word++)
        words[word] = bits.range(Words<T>::high(word), Words<T>::low(word)).to_uint64();
    put_words(words, Words<T>::count);
}

template <class T> void get_float(T &value) {
    double given;
    get_words((std::uint64_t *)&given, 1);
    value = (T)given;
}

template <class T> void put_float(const T &value) {
    const double found = value;
    put_words(&found, 1);
}

template <> void get(float &value) { get_float(value); }
template <> void get(double &value) { get_float(value); }
template <> void put(const float &value) { put_float(value); }
template <> void put(const double &value) { put_float(value); }

template <class T> void get_port(T *port, size_t size) {
    for (size_t i = 0; i < size; i++)
        get(port[i]);
}

template <class T> void get_port(hls::stream<T> &port, size_t size) {
    for (size_t i = 0; i < size; i += T::size) {
        T pack;
        for (size_t j = 0; j < T::size; j++)
            get(pack[j]);
        port.write(pack);
    }
}

template <class T> void put_port(T *port, size_t size) {
    for (size_t i = 0; i < size; i++)
        put(port[i]);
}

template <class T> void put_port(hls::stream<T> &port, size_t size) {
    for (size_t i = 0; i < size; i += T::size) {
        T pack = port.read();
        for (size_t j = 0; j < T::size; j++)
            put(pack[j]);
    }
}

void watch(const char *layer, size_t size) { (*nnet::trace_outputs)[layer] = std::malloc(size * sizeof(double)); }

void put_layer(const char *layer, size_t size) { put_words((*nnet::trace_outputs)[layer], size); }

void watch_layers() {
    nnet::trace_enabled = true;
    nnet::trace_outputs = new std::map<std::string, void *>;
${watched}}

void run_sample(bool trace) {
${body}}

} // namespace codesign_csim

int main(int argc, char **argv) {
    using namespace codesign_csim;
    if (argc != 5)
        stop("usage: csim SAMPLES TRACE INPUTS RESULTS");
    const unsigned long long samples = std::strtoull(argv[1], NULL, 10);
    const bool trace = std::strcmp(argv[2], "1") == 0;
    if ((inputs = std::fopen(argv[3], "rb")) == NULL)
        stop("the file of inputs cannot be opened");
    if ((results = std::fopen(argv[4], "wb")) == NULL)
        stop("the file of results cannot be opened");
    if (trace)
        watch_layers();
    for (unsigned long long sample = 0; sample < samples; sample++)
        run_sample(trace);
    if (std::fgetc(inputs) != EOF)
        stop("the file of inputs is too long");
    if (std::fclose(results) != 0)
        stop("the results cannot be written: is the disk full?");
    return 0;
}
