// ebm faces: finding faces and their poses

#include "faces.hpp"

namespace ebm::app {

void add_faces(CLI::App& ebm) {
  auto* faces = ebm.add_subcommand("faces", "Faces and their poses");
  faces->require_subcommand(1);
  faces->footer(
      "Example:\n  ebm faces train --count 10000 --out detector.safetensors\n"
      "  ebm faces detect --model detector.safetensors --out found a.jpg");
  add_faces_generate(*faces);
  add_faces_train(*faces);
  add_faces_detect(*faces);
  add_faces_eval(*faces);
}

}  // namespace ebm::app
