// What a manifest says about everything before the network.
#pragma once

#include "json_tree.hpp"
#include "manifest.hpp"

namespace asd::model {

// Throws JsonProblem, also for sizes beyond any real use: without limits a manifest could use up all memory.
FrontEnd read_front_end(const JsonValue &value);

}  // namespace asd::model
