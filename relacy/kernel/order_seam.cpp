// Records and weakens memory orders. This runs during a simulation, so it allocates nothing.
#include "kernel/order_seam.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

namespace tailrace::relacy {
namespace {

std::vector<weakening> weakened;
bool noting = false;

/// A hash table without removal of single entries.
constexpr std::size_t most_places = 1024;
std::array<noted_place, most_places> places;
std::size_t place_count = 0;

void note_place(const char* file, source_position at) noexcept {
    std::size_t i = (at ^ at >> 13U) % most_places;
    while (places[i].file != nullptr) {
        if (places[i].at == at && places[i].file == file) return;
        i = (i + 1) % most_places;
    }
    if (++place_count == most_places) {
        std::fputs("tailrace-relacy: more places with an order than the table holds\n", stderr);
        std::abort();
    }
    places[i] = {.file = file, .at = at};
}

}  // namespace

void order_seam::weaken(std::vector<weakening> which) {
    weakened = std::move(which);
    watched = noting || !weakened.empty();
}

void order_seam::note() noexcept {
    places.fill({});
    place_count = 0;
    noting = watched = true;
}

std::span<const noted_place> order_seam::noted() noexcept {
    noting = false;
    watched = !weakened.empty();
    const auto end = std::ranges::partition(places, [](const noted_place& p) { return p.file != nullptr; });
    return {places.begin(), end.begin()};
}

std::memory_order order_seam::look(std::memory_order given, order_role role, const std::source_location& at) noexcept {
    if (given == std::memory_order_relaxed) return given;
    const source_position here = position_of(at.line(), at.column());
    if (noting) note_place(at.file_name(), here);
    for (const weakening& w : weakened) {
        if (w.role == role && w.after < here && here <= w.last && std::string_view(at.file_name()).ends_with(w.file)) {
            return w.to;
        }
    }
    return given;
}

}  // namespace tailrace::relacy
