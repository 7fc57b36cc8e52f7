using System.Collections.Concurrent;
using System.Reflection;
using EDA.Kernels.Gpu;
using ILGPU;
using ILGPU.Algorithms;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace EDA.Bench.Ptx;

/// <summary>Kernels as ILGPU compiles them for an A100, each once.</summary>
public static class PtxCompiler
{
    private static readonly ConcurrentDictionary<(string Name, MethodInfo Method), Lazy<(string Text, PtxModule Module)>> Compiled = new();
    private static readonly Lock Compiling = new();

    /// <summary>ILGPU's context, which lives as long as the process.</summary>
    public static Context Context { get; } = Context.Create(builder => builder.Optimize(OptimizationLevel.O2).EnableAlgorithms());

    /// <summary>A kernel.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="method">Its entry point.</param>
    /// <returns>Its PTX text, and the same decoded.</returns>
    public static (string Text, PtxModule Module) Compile(string name, MethodInfo method) =>
        Compiled.GetOrAdd((name, method), key => new(() => Make(key.Name, key.Method))).Value;

    private static (string Text, PtxModule Module) Make(string name, MethodInfo method)
    {
        string text;
        lock (Compiling)
        {
            using var backend = new PTXBackend(Context, new CudaCapabilityContext(CudaArchitecture.SM_80), CudaArchitecture.SM_80, CudaInstructionSet.ISA_80, null);
            text = ((PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(NamedEntryPoint.Of(name, method)), default)).PTXAssembly;
        }

        return (text, PtxParser.Parse(text, name));
    }
}
