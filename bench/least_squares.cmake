# Against Ceres called directly: built where Ceres is.
if(TARGET Ceres::ceres)
  add_executable(bench_least_squares least_squares.cpp)
  target_link_libraries(bench_least_squares PRIVATE ebm::ebm ebm_options fmt::fmt Ceres::ceres)
endif()
