global using EDA.Kernels.Gpu.Software;
