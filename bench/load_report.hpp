// A run's figures, for people and for programs.
#pragma once

#include "bench/load_run.hpp"

#include <string>

namespace bench {

std::string table_of(const LoadFigures& figures);
std::string json_of(const LoadFigures& figures);

}  // namespace bench
