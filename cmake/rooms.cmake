# One static library per room: sources are src/ROOM/*.cpp, headers include/ebm/ROOM/*.hpp.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()
find_program(EBM_CCACHE ccache)
if(EBM_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${EBM_CCACHE})
endif()

# Warnings and sanitizers for our own targets; none of it is exported to users.
add_library(ebm_options INTERFACE)
target_compile_options(ebm_options INTERFACE -Wall -Wextra $<$<BOOL:${EBM_WERROR}>:-Werror>)
if(EBM_SANITIZE)
  target_compile_options(ebm_options INTERFACE -fsanitize=${EBM_SANITIZE} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all -g1)
  target_link_options(ebm_options INTERFACE -fsanitize=${EBM_SANITIZE})
endif()

# ebm_room(NAME [ROOMS room...] [PRIVATE library...] [HEADERS library...])
# A PRIVATE library is linked, so users of an installed ebm need it too; of HEADERS nothing is left once built.
function(ebm_room name)
  cmake_parse_arguments(room "" "" "ROOMS;PRIVATE;HEADERS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(NOT sources)
    add_library(ebm_${name} INTERFACE)
    set(visible INTERFACE)
  else()
    add_library(ebm_${name} STATIC ${sources})
    set(visible PUBLIC)
    list(TRANSFORM room_HEADERS REPLACE "(.+)" "$<BUILD_INTERFACE:\\1>")
    target_link_libraries(ebm_${name} PRIVATE $<BUILD_INTERFACE:ebm_options> ${room_PRIVATE} ${room_HEADERS})
    target_include_directories(ebm_${name} PRIVATE ${PROJECT_SOURCE_DIR})  # for "src/ROOM/..."
  endif()
  add_library(ebm::${name} ALIAS ebm_${name})
  list(TRANSFORM room_ROOMS PREPEND ebm_)
  target_link_libraries(ebm_${name} ${visible} ${room_ROOMS})
  target_compile_features(ebm_${name} ${visible} cxx_std_20)
  target_include_directories(
    ebm_${name} ${visible} $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                           $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  if(name STREQUAL core AND EBM_DOUBLE)
    target_compile_definitions(ebm_core PUBLIC EBM_DOUBLE)
  endif()
  set_target_properties(ebm_${name} PROPERTIES EXPORT_NAME ${name})
  install(TARGETS ebm_${name} EXPORT ebm)
endfunction()

# What find_package(ebm) needs, in one CMake package folder.
function(ebm_install)
  include(CMakePackageConfigHelpers)
  set(where ${CMAKE_INSTALL_LIBDIR}/cmake/ebm)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ebm DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(EXPORT ebm NAMESPACE ebm:: FILE ebm-targets.cmake DESTINATION ${where})
  configure_package_config_file(
    ${PROJECT_SOURCE_DIR}/cmake/ebm-config.cmake.in ${PROJECT_BINARY_DIR}/ebm-config.cmake
    INSTALL_DESTINATION ${where})
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/ebm-config-version.cmake
                                   COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/ebm-config.cmake
                ${PROJECT_BINARY_DIR}/ebm-config-version.cmake DESTINATION ${where})
endfunction()
