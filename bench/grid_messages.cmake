# Beside libmaxflow where it is installed: grid_cuts.cmake, read before, has the peer.
add_executable(bench_grid_messages grid_messages.cpp)
target_link_libraries(bench_grid_messages PRIVATE bench_grid_cut_peers ebm::ebm ebm_options fmt::fmt)
