# Installs the build folder EBM_BUILD below PLACE, then configures, builds and runs this project against it alone.
file(REMOVE_RECURSE ${PLACE})
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install ${EBM_BUILD} --prefix ${PLACE}/prefix)
run(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR} -B ${PLACE}/build -DCMAKE_BUILD_TYPE=Release
    -DCMAKE_PREFIX_PATH=${PLACE}/prefix -DCMAKE_CXX_COMPILER=${CXX})
run(${CMAKE_COMMAND} --build ${PLACE}/build)
run(${PLACE}/build/app)
