using System.Collections.Concurrent;
using System.Reflection;
using System.Reflection.Emit;

namespace EDA.Kernels.Gpu;

/// <summary>
/// Gives a kernel the name that profilers show. ILGPU names an entry point after its method, and all of ours are called
/// Run; so a method of the right name is made that calls it, which ILGPU writes out in place. The entry point of
/// fold_input is Kernel_fold_input.
/// </summary>
public static class NamedEntryPoint
{
    private static readonly ModuleBuilder Module =
        AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("EDA.Kernels.Gpu.EntryPoints"), AssemblyBuilderAccess.Run).DefineDynamicModule("EntryPoints");

    private static readonly ConcurrentDictionary<(string Name, MethodInfo Kernel), MethodInfo> Made = new();

    private static int _types;

    /// <summary>Makes the method.</summary>
    /// <param name="name">The kernel's name.</param>
    /// <param name="kernel">A public static method of a public type, without a result.</param>
    /// <returns>A method of that name that does the same.</returns>
    public static MethodInfo Of(string name, MethodInfo kernel)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        return Made.GetOrAdd((name, kernel), key => Make(key.Name, key.Kernel));
    }

    private static MethodInfo Make(string name, MethodInfo kernel)
    {
        Type[] parameters = [.. kernel.GetParameters().Select(parameter => parameter.ParameterType)];
        lock (Module)
        {
            var type = Module.DefineType($"EntryPoint{_types++}", TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed);
            var il = type.DefineMethod(name, MethodAttributes.Public | MethodAttributes.Static, typeof(void), parameters).GetILGenerator();
            for (int i = 0; i < parameters.Length; i++)
                il.Emit(OpCodes.Ldarg, (short)i);
            il.Emit(OpCodes.Call, kernel);
            il.Emit(OpCodes.Ret);
            return type.CreateType().GetMethod(name)!;
        }
    }
}
