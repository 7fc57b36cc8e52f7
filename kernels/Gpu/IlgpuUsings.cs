global using ILGPU;
global using ILGPU.Algorithms;
