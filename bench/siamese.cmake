add_executable(bench_siamese siamese.cpp)
target_link_libraries(bench_siamese PRIVATE ebm::models ebm_options fmt::fmt)
add_libtorch(bench_siamese peers/torch_siamese.cpp)
