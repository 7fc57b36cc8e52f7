using System.Reflection;
using System.Reflection.Emit;
using EDA.Kernels;
using EDA.Kernels.Gpu;
using EDA.Kernels.Gpu.Software;

namespace EDA.Tests.Gpu;

/// <summary>
/// Reads a kernel's IL, and that of the methods it calls, and says what ILGPU would refuse. What it accepts is the list
/// accepted-by-ilgpu.txt: so the stand-in, which is plain .NET, cannot admit more.
/// </summary>
internal static class KernelAcceptance
{
    private static readonly HashSet<string> Accepted =
        [.. File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Gpu", "accepted-by-ilgpu.txt")).Where(line => line.Length > 0 && line[0] != '#')];

    /// <summary>The calls into ILGPU that the list accepts, as <see cref="Describe(MethodBase)"/> writes them.</summary>
    public static IEnumerable<string> AcceptedCalls => Accepted.Where(line => line.StartsWith("call ", StringComparison.Ordinal)).Select(line => line[5..]);

    /// <summary>Every kernel of the assembly that is built against the stand-in.</summary>
    public static IEnumerable<MethodInfo> Kernels => KernelCatalogue.All.Select(kernel => kernel.Method);

    /// <summary>What ILGPU would refuse in a kernel; nothing where it accepts it.</summary>
    public static IReadOnlyList<string> Complaints(MethodInfo kernel)
    {
        var complaints = new List<string>();
        Walk(kernel, [], complaints);
        return complaints;
    }

    /// <summary>A method without namespaces, so that the stand-in's and ILGPU's read the same.</summary>
    public static string Describe(MethodBase method)
    {
        string result = method is MethodInfo info ? Describe(info.ReturnType) : "new";
        return $"{result} {method.DeclaringType!.Name}.{method.Name}({string.Join(", ", method.GetParameters().Select(parameter => Describe(parameter.ParameterType)))})";
    }

    private static string Describe(Type type)
    {
        if (type.IsByRef)
            return Describe(type.GetElementType()!) + "&";
        return type.IsGenericType ? $"{type.Name}<{string.Join(", ", type.GetGenericArguments().Select(Describe))}>" : type.Name;
    }

    private static void Walk(MethodBase method, HashSet<MethodBase> seen, List<string> complaints)
    {
        if (!seen.Add(method))
            return;
        void Complain(string what) => complaints.Add($"{method.DeclaringType?.Name}.{method.Name}: {what}");
        var body = method.GetMethodBody();
        if (body is null)
        {
            Complain("no IL");
            return;
        }

        if (body.ExceptionHandlingClauses.Count > 0)
            Complain("try block");
        var types = body.LocalVariables.Select(local => local.LocalType).Concat(method.GetParameters().Select(parameter => parameter.ParameterType));
        foreach (var type in types.Select(type => type.IsByRef ? type.GetElementType()! : type).Where(type => !type.IsValueType))
            Complain($"variable of reference type {type.Name}");
        foreach (var instruction in Instruction.Read(method))
        {
            if (!Accepted.Contains("opcode " + instruction.Code.Name))
                Complain($"instruction {instruction.Code.Name}");
            if (instruction.Code == OpCodes.Newobj && instruction.Operand is ConstructorInfo { DeclaringType.IsValueType: false } constructor)
                Complain($"allocation of {constructor.DeclaringType.Name}");
            if (instruction.Operand is MethodBase callee)
                Call(callee, seen, complaints, Complain);
        }
    }

    private static void Call(MethodBase callee, HashSet<MethodBase> seen, List<string> complaints, Action<string> complain)
    {
        if (callee.IsVirtual && callee.DeclaringType is not { IsValueType: true })
        {
            complain($"virtual call of {Describe(callee)}");
        }
        else if (IsOurs(callee))
        {
            Walk(callee, seen, complaints);
        }
        else
        {
            string described = Describe(Definition(callee));
            if (callee.DeclaringType!.Namespace != typeof(Group).Namespace || !Accepted.Contains("call " + described))
                complain($"call of {described}");
        }
    }

    // Written by us and compiled for both: the kernels, and the tests' own examples.
    private static bool IsOurs(MethodBase method) =>
        method.DeclaringType!.Namespace == typeof(GpuKernelAttribute).Namespace || method.DeclaringType.Assembly == typeof(Philox).Assembly || method.DeclaringType.Assembly == typeof(KernelAcceptance).Assembly;

    private static MethodBase Definition(MethodBase method)
    {
        if (method is MethodInfo { IsGenericMethod: true } generic)
            return generic.GetGenericMethodDefinition();
        return method.DeclaringType is { IsGenericType: true } type ? method.Module.ResolveMethod(method.MetadataToken)! : method;
    }
}
