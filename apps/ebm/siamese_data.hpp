#pragma once
// People and their pictures, as every siamese subcommand reads them, and what a judgement of them says.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command.hpp"
#include "ebm/io/class_folders.hpp"
#include "ebm/models/face_verifier.hpp"
#include "ebm/models/verification.hpp"

namespace ebm::app {

struct Faces {
  std::vector<std::string> people;  // by index
  std::vector<std::string> files;   // "PERSON/FILE"
  std::vector<int> person;          // of each picture
  std::vector<io::Image> pictures;
  Tensor inputs;            // [pictures, 1, 56, 46]
  std::size_t skipped = 0;  // pictures that cannot be read, or show nothing
};

// All of DIR, or the .tar.gz; what cannot be read is listed on stderr.
Faces read_faces(const Common& common, const std::string& data);
// The people named, or all but those. Throws DataError for a name that is not there.
Faces only(const Faces& faces, const std::vector<std::string>& people);
Faces without(const Faces& faces, const std::vector<std::string>& people);

// Pictures that a pair names, in order: a training sees nobody else.
std::vector<int> seen_by(const models::PairSet& pairs, const Faces& faces);
std::vector<std::string> people_of(const std::vector<int>& pictures, const Faces& faces);

// How well embeddings tell people apart.
struct FaceVerdict {
  std::vector<models::PairEnergy> pairs;
  models::TwoKinds energies;
  std::vector<models::RocPoint> curve, pixels;
  double equal_error = 0, pixel_equal_error = 0, density_equal_error = kInf;
  std::optional<models::Interval>
      interval;  // over people; none of fewer than three, whose draws are all alike
  double one_shot = 0;
  double accepts(double false_rejects) const { return models::false_accepts_at(curve, false_rejects); }
};
// `gallery` pictures of each person for densities; `shots` for recognition. Throws DataError when there is no
// genuine or no impostor pair.
FaceVerdict judge(const Faces& faces, ConstView embedding, int gallery, int shots, std::uint64_t seed);
// "95 % interval over people 4.1 to 9.3", percent, or that there is none.
std::string interval_text(const FaceVerdict& verdict, int digits = 2);
nlohmann::json to_json(const Faces& faces, const FaceVerdict& verdict);

// "s1, s2, s3 and 4 more"
std::string some_of(const std::vector<std::string>& names, std::size_t most = 5);

}  // namespace ebm::app
