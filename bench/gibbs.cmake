add_executable(bench_gibbs gibbs.cpp)
target_link_libraries(bench_gibbs PRIVATE ebm::ebm ebm_options fmt::fmt)
add_libtorch(bench_gibbs peers/torch_gibbs.cpp)
