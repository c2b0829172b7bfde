add_executable(bench_faces faces.cpp)
target_link_libraries(bench_faces PRIVATE ebm::models ebm_options fmt::fmt)
add_libtorch(bench_faces peers/torch_face.cpp)
