using System.Collections.Concurrent;
using EDA.Engine.Data;
using EDA.Engine.Environments.Models;
using EDA.Engine.Environments.Mujoco;
using EDA.Engine.Environments.Python;
using EDA.Kernels;

namespace EDA.Engine.Environments;

/// <summary>A kind of environment, of which any number of instances can be made.</summary>
public abstract class EnvironmentKind : INamed
{
    /// <summary>Its name, as typed.</summary>
    public virtual string Name => Description.Name;

    /// <summary>The returns that its score is measured by.</summary>
    public virtual ReferenceReturns Reference => Description.Reference;

    /// <summary>What it is.</summary>
    public abstract EnvironmentDescription Description { get; }

    /// <summary>The family, which decides the constants of critics.</summary>
    public virtual D4rlDomain Domain => Description.Domain;

    /// <summary>Whether it needs the MuJoCo library.</summary>
    public abstract bool NeedsMujoco { get; }

    /// <summary>The model file that the user must give, as its own project names it; null where none is needed.</summary>
    public virtual string? NeededModel => null;

    /// <summary>The same environment with the user's model file.</summary>
    /// <param name="path">The file; null for none.</param>
    /// <returns>The kind.</returns>
    /// <exception cref="InvalidSettingException">One is needed and not given, or given and not needed.</exception>
    public virtual EnvironmentKind WithModel(string? path) =>
        path is null ? this : throw new InvalidSettingException("model", path, $"nothing, because {Description.Name} brings its own");

    /// <summary>Whether there is anything to step: a dataset may be of a machine that cannot be run again.</summary>
    public virtual bool CanBeStepped => true;

    /// <summary>Makes an instance, which wants a reset before its first step.</summary>
    /// <returns>The instance, owned by the caller.</returns>
    /// <exception cref="MissingLibraryException">It needs a library that is not there.</exception>
    public abstract IEnvironment Create();
}

/// <summary>The environments by name.</summary>
public static class EnvironmentCatalogue
{
    /// <summary>The table. An environment of one's own is added here.</summary>
    public static NamedTable<EnvironmentKind> Table { get; } = new(
        "environment",

        Locomotion(LocomotionTask.HalfCheetah),
        Locomotion(LocomotionTask.Hopper),
        Locomotion(LocomotionTask.Walker2d),
        AntMaze(AntMazeTask.UMaze),
        AntMaze(AntMazeTask.Medium),
        PointMaze(PointMazeTask.UMaze),
        PointMaze(PointMazeTask.Medium),
        new KitchenKind(KitchenTask.Complete, null),
        new KitchenKind(KitchenTask.Partial, null),
        new KitchenKind(KitchenTask.Mixed, null));

    /// <summary>All of them.</summary>
    public static IReadOnlyList<EnvironmentKind> All => Table.All;

    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => Table.Names;

    /// <summary>What else may be named: environments with Gymnasium's interface, in Python.</summary>
    public const string OfOnesOwn = "gym:ID, python:module:Class";

    private static readonly ConcurrentDictionary<string, PythonKind> _ofOnesOwn = new();

    /// <summary>Finds one: of the table, or one of the user's own.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The kind.</returns>
    /// <exception cref="InvalidSettingException">There is none of that name.</exception>
    public static EnvironmentKind Find(string? name) =>
        AbsentKind.Parse(name) ?? (PythonKind.IsOne(name) ? _ofOnesOwn.GetOrAdd(name!, one => new PythonKind(one)) : Table.Find(name));

    /// <summary>What stands for the environment of a dataset that has none: it has sizes, and cannot be stepped.</summary>
    /// <param name="stateSize">S.</param>
    /// <param name="actionSize">A.</param>
    /// <returns>The kind, by the name <c>none:SxA</c>.</returns>
    public static EnvironmentKind Without(int stateSize, int actionSize) => new AbsentKind(stateSize, actionSize);

    /// <summary>Whether there is one of that name, or it is of the user's own.</summary>
    /// <param name="name">The name.</param>
    /// <returns>Whether it can be found.</returns>
    public static bool Knows(string? name) => AbsentKind.Parse(name) is not null || PythonKind.IsOne(name) || Names.Contains(name);

    /// <summary>The environment of a task: the kitchen's differ by task, the others do not.</summary>
    /// <param name="task">The task.</param>
    /// <returns>The kind.</returns>
    public static EnvironmentKind For(D4rlTask task) =>
        Find(task.Environment.Domain == D4rlDomain.Kitchen ? task.Name[..task.Name.LastIndexOf('-')] : task.Environment.Name);

    private static MujocoKind Locomotion(LocomotionTask task) =>
        new(task.Description, () => task.Model, model => new LocomotionEnvironment(task, model));

    private static MujocoKind AntMaze(AntMazeTask task) =>
        new(task.Description, () => MazeAnt.In(task.Maze), model => new AntMazeEnvironment(task, model));

    private static PointMazeKind PointMaze(PointMazeTask task) => new(task);

    /// <summary>Compiles its model once, at the first instance; a compiled model lives as long as the process.</summary>
    private sealed class MujocoKind(EnvironmentDescription description, Func<ModelDescription> describe, Func<MujocoModel, IEnvironment> create) : EnvironmentKind
    {
        private readonly Lazy<MujocoModel> _model = new(() => MujocoModel.FromText(MjcfWriter.Write(describe())));

        public override EnvironmentDescription Description => description;

        public override bool NeedsMujoco => true;

        public override IEnvironment Create() => create(_model.Value);
    }

    /// <summary>The kitchen, with the model file that the user gave.</summary>
    private sealed class KitchenKind(KitchenTask task, string? path) : EnvironmentKind
    {
        private readonly Lazy<MujocoModel> _model = new(() => Load(path));

        public override EnvironmentDescription Description => task.Description;

        public override bool NeedsMujoco => true;

        public override string NeededModel => KitchenTask.ModelFile;

        public override EnvironmentKind WithModel(string? given) => new KitchenKind(task, given ?? throw Missing());

        public override IEnvironment Create() => new KitchenEnvironment(task, _model.Value);

        private static InvalidSettingException Missing() =>
            new("model", null, $"the file {KitchenTask.ModelFile} of D4RL, in its folder, which this project does not bring");

        private static MujocoModel Load(string? path)
        {
            var model = MujocoModel.FromFile(path ?? throw Missing());
            if (KitchenEnvironment.Fits(model))
                return model;
            var (positions, velocities, controls) = (model.PositionCount, model.VelocityCount, model.ControlCount);
            model.Dispose();
            throw new InvalidFileException(path, $"a model of {positions} positions, {velocities} velocities and {controls} actuators; the kitchen has {KitchenTask.PositionCount}, {KitchenTask.VelocityCount} and {KitchenTask.RobotJoints}");
        }
    }

    private sealed class PointMazeKind(PointMazeTask task) : EnvironmentKind
    {
        public override EnvironmentDescription Description => task.Description;

        public override bool NeedsMujoco => false;

        public override IEnvironment Create() => new PointMazeEnvironment(task);
    }
}
