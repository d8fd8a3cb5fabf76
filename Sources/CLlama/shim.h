#pragma once
// The engine's C interface; the include path comes from roost-engine.pc.
#include <gguf.h>
#include <llama.h>
