# add_libtorch(TARGET SOURCE): the program that measures libtorch beside ours, where libtorch is; SOURCE alone sees its
# headers. Found by header and libraries, so that what its package depends on is not needed.
find_path(EBM_TORCH_API torch/torch.h PATH_SUFFIXES torch/csrc/api/include)
find_library(EBM_TORCH torch)
find_library(EBM_TORCH_CPU torch_cpu)
find_library(EBM_C10 c10)

function(add_libtorch target source)
  if(NOT (EBM_TORCH_API AND EBM_TORCH AND EBM_TORCH_CPU AND EBM_C10))
    message(STATUS "${target}: no libtorch found, it is not measured")
    return()
  endif()
  get_filename_component(name ${source} NAME_WE)
  add_library(bench_${name} OBJECT ${source})
  target_include_directories(bench_${name} SYSTEM PRIVATE ${EBM_TORCH_API})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:bench_${name}>)
  target_compile_definitions(${target} PRIVATE EBM_BENCH_TORCH)
  target_link_libraries(${target} PRIVATE ${EBM_TORCH} ${EBM_TORCH_CPU} ${EBM_C10})
endfunction()
