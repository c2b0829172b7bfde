add_executable(bench_parabola parabola.cpp)
target_link_libraries(bench_parabola PRIVATE ebm::models ebm_options fmt::fmt)
add_libtorch(bench_parabola peers/torch_parabola.cpp)
