# Figure b times the chain engines' own recurrences, which no public header shows.
add_executable(bench_core_overhead core_overhead.cpp)
target_link_libraries(bench_core_overhead PRIVATE ebm::ebm ebm_options fmt::fmt)
target_include_directories(bench_core_overhead PRIVATE ${PROJECT_SOURCE_DIR})
