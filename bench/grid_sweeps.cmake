add_executable(bench_grid_sweeps grid_sweeps.cpp)
target_link_libraries(bench_grid_sweeps PRIVATE ebm::inference ebm_options fmt::fmt)
add_libtorch(bench_grid_sweeps peers/torch_grid.cpp)
