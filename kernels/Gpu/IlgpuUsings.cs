global using ILGPU;
global using ILGPU.Algorithms;
global using static ILGPU.Runtime.ArrayViewExtensions;
global using Half = ILGPU.Half;
